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

/** What is prepared of each variant that this process has: its functions, and the number of its next batch. */
const prepared = new Map();
const keyOf = (variant) => JSON.stringify(variant);

/** The package below `root`: this checkout, or the one of --against. */
function packageAt(root) {
  return createRequire(join(root, 'package.json'))(join(root, 'dist', 'index.js'));
}

let files = 0;

function store({ arrays = {}, facts = {} }, folder) {
  const stored = Object.entries(arrays).map(([name, { data, shape }]) => {
    const file = join(folder, `${process.pid}-${files++}-${name}.bin`);
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

async function prepare(job, variant, root) {
  const key = keyOf(variant);
  await prepared.get(key)?.contender.close?.();
  const made = await contender.prepare(job, variant, { root, library: packageAt(root) });
  prepared.set(key, { contender: made, next: 0 });
  return made.skip ? { skip: made.skip } : {};
}

async function run(one, repeat) {
  const before = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; i < repeat; i++) await one.contender.run(one.next++);
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { ms, cpuMs: (user + system) / 1000, peakMB: peakMB() };
}

async function answer({ cmd, root, job, variant, folder, drawn, repeat }) {
  switch (cmd) {
    case 'describe':
      return contender.describe({ root, library: packageAt(root) });
    case 'prepare':
      return prepare(job, variant, root);
    case 'result':
      return store(await prepared.get(keyOf(variant)).contender.result(drawn), folder);
    case 'run':
      return run(prepared.get(keyOf(variant)), repeat);
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
