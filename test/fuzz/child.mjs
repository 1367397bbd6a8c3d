/**
 * Runs cases one after another, in a process of its own that may crash. It is given one argument, JSON:
 *   addon    file of the addon to use in place of the package's own
 *   work     folder for everything that is written
 *   seed, kinds, from   text; names; the number of the last case of each kind that is done
 *   cases    of each kind; without end unless given
 *   keep     folder for cases that fail
 *   replay   a folder with case.json and files/, to run alone
 * It writes a line of JSON to file descriptor 3 before and after each case.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sharp, useAddon } from './lib/api.mjs';
import { placeOf } from './lib/place.mjs';

const {
  addon,
  work,
  seed,
  kinds: names,
  from = {},
  cases = Infinity,
  keep,
  replay,
} = JSON.parse(process.argv[2]);
if (addon) useAddon(addon);
sharp.cache(false);
sharp.concurrency(1);

const { Fault } = await import('./lib/oracle.mjs');
const { kinds } = await import('./kinds/index.mjs');
const { Random } = await import('./lib/random.mjs');

const REPORT = 3;
const TURN_MS = 2000;
const FILE_LIMIT = 8;

const tell = (line) => writeSync(REPORT, `${JSON.stringify(line)}\n`);

/** What goes wrong beside the calls themselves: rejections that nobody handles, files that nobody closes. */
let beside = [];
process.on('unhandledRejection', (error) =>
  beside.push(`a rejection that nobody handles: ${error?.stack ?? error}`),
);
process.on('uncaughtException', (error) =>
  beside.push(`an exception that nobody catches: ${error?.stack ?? error}`),
);
process.on('warning', (warning) => {
  if (/MaxListeners|DEP0137/.test(`${warning.name} ${warning.code}`))
    beside.push(`a warning: ${warning.message}`);
});

const temporary = join(work, 'tmp');
mkdirSync(temporary, { recursive: true });

const openFiles = () => readdirSync('/proc/self/fd').length;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function writeCase(folder, { kind, files, options }) {
  rmSync(folder, { recursive: true, force: true });
  for (const [name, bytes] of Object.entries(files)) {
    const file = join(folder, 'files', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  mkdirSync(join(folder, 'files'), { recursive: true });
  writeFileSync(join(folder, 'case.json'), JSON.stringify({ kind, options }));
}

/** Runs what lies in a folder; gives what came of it. */
async function runCase(folder, kind, options) {
  beside = [];
  let outcome;
  try {
    const { refused, message } = (await kinds[kind].run(join(folder, 'files'), options)) ?? {};
    outcome = refused ? { refused, message } : { accepted: true };
  } catch (error) {
    outcome = { fault: error instanceof Fault ? error.message : `thrown: ${error?.stack ?? error}` };
  }
  await new Promise((resolve) => setImmediate(resolve));
  rmSync(join(folder, 'out'), { recursive: true, force: true });
  const left = readdirSync(temporary);
  for (const name of left) rmSync(join(temporary, name), { recursive: true, force: true });
  if (left.length > 0) beside.push(`temporary files were left: ${left.join(', ')}`);
  return beside.length > 0 ? { fault: [outcome.fault, ...beside].filter(Boolean).join('\n') } : outcome;
}

/** Tells the end of a case; of one that failed its folder is kept. */
function tellEnd(current, outcome, more = {}) {
  if (!outcome.fault) return tell({ end: outcome, ...more });
  const place = join(keep, placeOf(seed, current));
  rmSync(place, { recursive: true, force: true });
  cpSync(join(work, 'case'), place, { recursive: true });
  return tell({ end: outcome, place, ...more });
}

let allowed = 0;
/** The fault of files that stay open; worker threads that have just ended get a moment to close theirs. */
async function checkOpenFiles() {
  if (openFiles() <= allowed + FILE_LIMIT) return undefined;
  global.gc?.();
  await pause(300);
  const now = openFiles();
  if (now <= allowed + FILE_LIMIT) return undefined;
  const before = allowed;
  allowed = now;
  return `${now} files are open, where ${before} were`;
}

async function replayOne() {
  const { kind, options } = JSON.parse(readFileSync(join(replay, 'case.json'), 'utf8'));
  tell({ begin: { kind } });
  const copy = join(work, 'case');
  const files = {};
  for (const name of readdirSync(join(replay, 'files'), { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const file = join(name.parentPath ?? name.path, name.name);
    files[file.slice(join(replay, 'files').length + 1)] = readFileSync(file);
  }
  writeCase(copy, { kind, files, options });
  tell({ end: await runCase(copy, kind, options) });
}

/** The valid inputs of each kind, which must be accepted. */
async function seedsOf(kind) {
  const folder = join(work, 'seeds', kind);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const seeds = await kinds[kind].seeds(folder);
  for (const one of seeds) {
    const copy = join(work, 'case');
    writeCase(copy, { kind, ...one });
    tell({ begin: { kind, seed: one.name } });
    const outcome = await runCase(copy, kind, one.options);
    const isWrong = outcome.refused && !one.mayBeRefused;
    const fault = `a valid input is refused: ${outcome.message}`;
    tellEnd({ kind, seed: one.name }, isWrong ? { fault } : outcome);
  }
  return seeds;
}

async function runAll() {
  const seeds = {};
  tell({ begin: { kind: names[0], seed: 'all' }, patience: 120 });
  for (const kind of names) seeds[kind] = await seedsOf(kind);
  await pause(300);
  allowed = openFiles();
  const next = { ...from };
  const isLeft = (kind) => (next[kind] ?? 0) < cases;
  while (names.some(isLeft)) {
    for (const kind of names) {
      const until = Date.now() + TURN_MS;
      while (Date.now() < until && isLeft(kind)) {
        const number = (next[kind] = (next[kind] ?? 0) + 1);
        const random = new Random(`${seed}/${kind}/${number}`);
        const { files, options } = await kinds[kind].change(random, random.pick(seeds[kind]), seeds[kind]);
        const copy = join(work, 'case');
        writeCase(copy, { kind, files, options });
        tell({ begin: { kind, number } });
        const outcome = await runCase(copy, kind, options);
        const open = outcome.fault ? undefined : await checkOpenFiles();
        tellEnd({ kind, number }, open ? { fault: open } : outcome);
      }
      global.gc?.();
      tell({ memory: process.memoryUsage().rss });
    }
  }
}

try {
  await (replay ? replayOne() : runAll());
  tell({ done: true });
  process.exit(0);
} catch (error) {
  console.error(error); // a fault of the kinds themselves
  process.exit(1);
}
