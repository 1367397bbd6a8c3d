// npm run bench [task…]   what the package does in a second, beside its rivals, on this machine.
//
// Every result is compared before it is timed. Each contender has a process of its own; they take turns, one at a time,
// in rounds; ratios are taken within a round. See lib/options.mjs for the options.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkOut } from './lib/against.mjs';
import { measureBandwidth } from './lib/bandwidth.mjs';
import { startContenders } from './lib/contenders.mjs';
import { environmentOf } from './lib/environment.mjs';
import { createInputs } from './lib/inputs.mjs';
import { loadTask, readOptions, taskNames, USAGE, UsageError } from './lib/options.mjs';
import { createPictures } from './lib/pictures.mjs';
import { printJob, printLeft } from './lib/print.mjs';
import { newestResults, readResults, writeReport, writeResults } from './lib/report.mjs';
import { Mismatch, runJob } from './lib/rounds.mjs';

const root = resolve(fileURLToPath(new URL('..', import.meta.url)));

/** One task, all of its jobs. */
async function runTask(name, options, places, given) {
  const task = await loadTask(name);
  const bandwidth = await measureBandwidth(options.cores, options.quick);
  const { running, left, versions } = await startContenders(task, places);
  printLeft(name, left);
  try {
    const jobs = [];
    for (const job of await task.jobs(given)) {
      const measured = await runJob(task, job, running, given);
      printJob(name, measured, bandwidth);
      jobs.push(measured);
    }
    return { result: { name, title: task.title, about: task.about, bandwidth, left, jobs }, versions };
  } finally {
    await Promise.all(running.map((contender) => contender.process.end()));
  }
}

async function measure(options, folder) {
  const places = [{ root }];
  if (options.against) places.push(checkOut(root, options.against, folder));
  try {
    const environment = environmentOf(root, options.cores);
    const pictures = createPictures(root, folder, options);
    const given = { ...options, root, folder, pictures, inputs: createInputs(folder, options.quick) };
    const tasks = [];
    for (const name of options.tasks) {
      const { result, versions } = await runTask(name, options, places, given);
      Object.assign(environment.versions, versions);
      tasks.push(result);
    }
    const { quick, rounds } = options;
    return { date: new Date().toISOString(), quick, rounds, against: places[1]?.commit, environment, tasks };
  } finally {
    for (const place of places) place.remove?.();
  }
}

/** Runs `work` with a temporary folder that is gone afterwards, also after Ctrl-C. */
async function withFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'saliencymix-bench-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  return work(folder);
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return console.log(USAGE);
  if (options.report) return writeReport(readResults(options.file ?? newestResults()));
  if (!existsSync(new URL('../dist/index.js', import.meta.url)))
    throw new UsageError('build first: npm run build');
  const results = await withFolder((folder) => measure(options, folder));
  console.log('\nresults agree');
  // What is kept and reported has all tasks and no other commit; anything else is for whoever ran it.
  const whole = !options.quick && !options.against && options.tasks.length === taskNames.length;
  if (whole || options.out) console.log(`measurements: ${writeResults(results, options.out)}`);
  if (whole) writeReport(results);
}

try {
  await main();
} catch (error) {
  const expected = error instanceof UsageError || error instanceof Mismatch;
  console.error(expected ? error.message : error);
  process.exitCode = 1;
}
