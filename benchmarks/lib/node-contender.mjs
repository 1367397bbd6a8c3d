// A contender's process, seen from inside: loads the file it is given and answers the lines of process.mjs.
// node node-contender.mjs <contender.mjs>
//
// The file exports `describe(context)` and `prepare(job, variant, context)`; the latter gives { skip } or
// { run(i), result(drawn), close()? }, where i counts batches and goes on for ever.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const contender = await import(pathToFileURL(process.argv[2]));
let prepared;
let next = 0;

/** The package below `root`: this checkout, or the one of --against. */
function packageAt(root) {
  return createRequire(join(root, 'package.json'))(join(root, 'dist', 'index.js'));
}

function store({ arrays = {}, facts = {} }, folder) {
  const stored = Object.entries(arrays).map(([name, { data, shape }]) => {
    const file = join(folder, `${process.pid}-${name}.bin`);
    writeFileSync(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return [name, { file, shape, dtype: data.constructor.name.replace('Array', '').toLowerCase() }];
  });
  return { arrays: Object.fromEntries(stored), facts };
}

/**
 * The most memory that this process ever held. Of what the system counts for it, Linux has the most that its parent held
 * when it started this one, too; so there it is read where that is not.
 */
function peakMB() {
  const own =
    process.platform === 'linux' && /^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return Math.round((own ? Number(own[1]) : process.resourceUsage().maxRSS) / 1024);
}

async function run(repeat) {
  const before = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; i < repeat; i++) await prepared.run(next++);
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { ms, cpuMs: (user + system) / 1000, peakMB: peakMB() };
}

async function answer({ cmd, root, job, variant, folder, drawn, repeat }) {
  switch (cmd) {
    case 'describe':
      return contender.describe({ root, library: packageAt(root) });
    case 'prepare': {
      next = 0;
      await prepared?.close?.();
      prepared = await contender.prepare(job, variant, { root, library: packageAt(root) });
      return prepared.skip ? { skip: prepared.skip } : {};
    }
    case 'result':
      return store(await prepared.result(drawn), folder);
    case 'run':
      return run(repeat);
    default:
      throw new Error(`unknown request "${cmd}"`);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply;
  try {
    reply = await answer(JSON.parse(line));
  } catch (error) {
    reply = { error: error.stack ?? String(error) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
process.exit(0);
