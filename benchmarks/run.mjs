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
import { isWanted, loadTask, readOptions, USAGE, UsageError } from './lib/options.mjs';
import { PAGES, pageOf } from './lib/pages.mjs';
import { createPictures } from './lib/pictures.mjs';
import { printJob, printLeft, printRemarks } from './lib/print.mjs';
import { newestResults, readResults, writeReport, writeResults } from './lib/report.mjs';
import { Mismatch, runJob } from './lib/rounds.mjs';

const root = resolve(fileURLToPath(new URL('..', import.meta.url)));

/** Some jobs of a task, all in the same processes. `first`: nothing was said of the contenders yet. */
async function runJobs(task, jobs, places, { bandwidth, given, first }) {
  const { running, ...about } = await startContenders(task, places);
  if (first) {
    printLeft(task.name, about.left);
    printRemarks(task.name, about.remarks);
  }
  try {
    const done = [];
    for (const job of jobs) {
      const measured = await runJob(task, job, running, given);
      printJob(task.name, measured, bandwidth);
      done.push(measured);
    }
    return { jobs: done, ...about };
  } finally {
    await Promise.all([...new Set(running.map(({ process }) => process))].map((one) => one.end()));
  }
}

/** One task: all of its jobs, or those that --only names; undefined where that is none. */
async function runTask(name, options, places, given) {
  const task = await loadTask(name);
  const jobs = (await task.jobs(given)).filter(({ id }) => isWanted(id, options.only));
  if (jobs.length === 0) return undefined;
  const bandwidth = await measureBandwidth(options.cores, options.quick);
  const groups = task.processesPerJob ? jobs.map((job) => [job]) : [jobs];
  const parts = [];
  for (const group of groups)
    parts.push(await runJobs(task, group, places, { bandwidth, given, first: parts.length === 0 }));
  const [{ left, remarks, versions }] = parts;
  const { title, about } = task;
  const done = parts.flatMap((part) => part.jobs);
  const summary = task.summarise?.(done, root);
  return { result: { name, title, about, bandwidth, left, remarks, summary, jobs: done }, versions };
}

/** @throws UsageError where --only leaves nothing: before another commit is built */
async function checkWanted({ tasks, only }, given) {
  const ids = [];
  for (const name of tasks) ids.push(...(await (await loadTask(name)).jobs(given)).map(({ id }) => id));
  if (ids.some((id) => isWanted(id, only))) return;
  throw new UsageError(
    `--only: no job's name contains ${only.join(' or ')}; the names are ${ids.join(', ')}`,
  );
}

async function measure(options, folder) {
  const pictures = createPictures(root, folder, options);
  const given = { ...options, root, folder, pictures, inputs: createInputs(folder, options.quick) };
  await checkWanted(options, given);
  const places = [{ root }];
  if (options.against) places.push(checkOut(root, options.against, folder));
  try {
    const environment = environmentOf(root, options.cores);
    const tasks = [];
    for (const name of options.tasks) {
      const measured = await runTask(name, options, places, given);
      if (!measured) continue;
      Object.assign(environment.versions, measured.versions);
      tasks.push(measured.result);
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

/** The page of one file of measurements, or each page from its newest. */
function writePages(file) {
  const files = file ? [file] : Object.values(PAGES).map(newestResults).filter(Boolean);
  if (files.length === 0) throw new UsageError('no measurements yet in benchmarks/results: npm run bench');
  for (const one of files) writeReport(readResults(one));
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return console.log(USAGE);
  if (options.report) return writePages(options.file);
  if (!existsSync(new URL('../dist/index.js', import.meta.url)))
    throw new UsageError('build first: npm run build');
  const results = await withFolder((folder) => measure(options, folder));
  console.log('\nresults agree');
  // What is kept and reported has all jobs of a page's tasks and no other commit; anything else is for whoever ran it.
  const { quick, against, only, tasks } = options;
  const whole = !quick && !against && only.length === 0 && pageOf(tasks) !== undefined;
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
