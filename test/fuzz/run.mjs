/** node test/fuzz/run.mjs   takes changed inputs through the built package; --help tells the options. */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { kinds as allKinds } from './kinds/index.mjs';
import { GROWTH, runChild } from './lib/child.mjs';
import { placeOf } from './lib/place.mjs';
import { buildSanitized } from './lib/sanitized.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const names = Object.keys(allKinds);
/** Faults of a child before it is ended, and those that are new are run again. */
const MOST_WAITING = 50;

const list = (text) => text.split(',').filter(Boolean);
const program = new Command('npm run test:fuzz --')
  .description('changed inputs through the package: each must give a sound result or a SaliencyMixError')
  .option('--seconds <n>', 'how long', Number, 60)
  .option('--cases <n>', 'how many of each kind at most', Number)
  .option('--seed <text>', 'the same seed gives the same cases; drawn unless given')
  .option('--only <kinds>', `some of ${names.join(',')}`, list, names)
  .option('--keep <folder>', 'where inputs that fail are kept', join(root, 'build', 'fuzz'))
  .option('--replay <folder>', 'run one kept input again')
  .option('--memory <mb>', 'what the process may hold', Number, 1500)
  .option('--plain', 'the addon without sanitizers')
  .parse();
const options = program.opts();
const unknown = options.only.find((kind) => !names.includes(kind));
if (unknown !== undefined) program.error(`there is no kind "${unknown}"; there are: ${names.join(', ')}`);

const { addon, env, why } = options.plain ? { env: {} } : buildSanitized();
if (why !== undefined) console.log(`no addon with sanitizers (${why}): the package's own is taken`);
const seed = options.seed ?? String(Math.floor(Math.random() * 2 ** 32));
const work = mkdtempSync(join(tmpdir(), 'fuzz-'));
const common = { addon, work, seed, keep: resolve(options.keep) };
const limits = { env, memory: options.memory };

const tally = Object.fromEntries(options.only.map((kind) => [kind, { cases: 0, accepted: 0, refused: {} }]));
/** The number of the last case of each kind. */
const last = {};
/** Faults by their signature. */
const found = new Map();
let mostHeld = { mb: 0 };

/** Runs a kept case again, alone. Gives what came of it. */
async function again(place) {
  let outcome = {};
  const onEnd = (_, line) => void (outcome = line.end);
  const ended = await runChild({ ...common, replay: resolve(place) }, { ...limits, onEnd });
  return { ...outcome, fault: ended?.what ?? outcome.fault };
}

/** Faults that differ in names and numbers alone are one. */
const signatureOf = (kind, what) =>
  `${kind}: ${what.replaceAll(/"[^"]*"|\/\S+/g, '…').replaceAll(/\d+/g, '0')}`.slice(0, 90);

/** Says a fault where it is the first of its kind, and keeps its case; else only counts it. */
async function failed({ current, what, place }) {
  const signature = signatureOf(current.kind, what);
  const known = found.get(signature);
  if (known) {
    known.times++;
    rmSync(place, { recursive: true, force: true });
    return;
  }
  const repeated = existsSync(place) && (await again(place)).fault !== undefined;
  // A machine that is busy can be slow once.
  const isSlow = !repeated && what.startsWith('no end after');
  const which = `${current.kind} ${current.number ?? current.seed}${repeated ? '' : ' (not when run alone)'}`;
  console.log(`${isSlow ? 'slow once' : 'FAULT'} ${which}: ${what.slice(0, 3000)}`);
  console.log(`  again: npm run test:fuzz -- --replay ${place}\n`);
  if (!isSlow) found.set(signature, { which, times: 1, first: what.split('\n')[0].slice(0, 200) });
}

/** Keeps the case that has ended a child. */
function keepEnding({ current = { kind: 'none', seed: 'between cases' }, what }) {
  const place = join(common.keep, placeOf(seed, current));
  rmSync(place, { recursive: true, force: true });
  if (existsSync(join(work, 'case'))) cpSync(join(work, 'case'), place, { recursive: true });
  return { current, what, place };
}

function count({ kind, number }, { accepted, refused }) {
  if (number === undefined) return;
  last[kind] = number;
  const of = tally[kind];
  of.cases++;
  if (accepted) of.accepted++;
  else if (refused) of.refused[refused] = (of.refused[refused] ?? 0) + 1;
}

/** Runs cases in one child until it ends. Gives the kinds to go on with. */
async function fuzzInChild(kinds, until) {
  const waiting = [];
  const onEnd = (current, { end, place }) => {
    count(current, end);
    if (end.fault) waiting.push({ current, what: end.fault, place });
    return waiting.length >= MOST_WAITING || Date.now() > until ? 'stop' : undefined;
  };
  const onHeld = (mb, current) => {
    if (mb > mostHeld.mb) mostHeld = { mb, current };
  };
  const ended = await runChild(
    { ...common, kinds, from: last, cases: options.cases },
    { ...limits, until, onEnd, onHeld },
  );
  const ending = ended && keepEnding(ended); // before other cases take its place
  for (const one of waiting) await failed(one);
  if (!ending) return kinds.filter((kind) => !(last[kind] >= options.cases));
  await failed(ending);
  const { kind, number } = ending.current;
  if (number !== undefined) count(ending.current, {});
  // A valid input that has ended the process would do so again, and so would what ends it between cases.
  if (number !== undefined || ending.what === GROWTH) return kinds;
  return ended.current ? kinds.filter((one) => one !== kind) : [];
}

function printTable(seconds) {
  for (const [kind, { cases, accepted, refused }] of Object.entries(tally)) {
    const codes = Object.entries(refused)
      .toSorted(([, a], [, b]) => b - a)
      .map(([code, times]) => `${code} ${times}`);
    const counts = `${String(cases).padStart(7)} cases, ${String(accepted).padStart(6)} accepted`;
    console.log(`${kind.padEnd(12)} ${counts}, refused: ${codes.join(', ') || 'none'}`);
  }
  const cases = Object.values(tally).reduce((sum, one) => sum + one.cases, 0);
  const { mb, current: { kind = 'between cases', number } = {} } = mostHeld;
  const most = `${Math.round(mb)} MB (${[kind, number].filter(Boolean).join(' ')})`;
  const how = `${addon ? 'with' : 'without'} sanitizers, at most ${most}`;
  const faults = `${found.size} ${found.size === 1 ? 'fault' : 'faults'}`;
  console.log(`${cases} cases in ${seconds} s, seed ${seed}, ${how}: ${faults}`);
  for (const { which, times, first } of found.values()) console.log(`  ${which}, ${times} times: ${first}`);
}

async function fuzz() {
  console.log(`seed ${seed}, ${options.seconds} s, ${options.only.join(', ')}`);
  const started = Date.now();
  const until = started + 1000 * options.seconds;
  let kinds = options.only;
  while (Date.now() < until && kinds.length > 0) kinds = await fuzzInChild(kinds, until);
  printTable(Math.round((Date.now() - started) / 1000));
  return found.size === 0;
}

async function replay() {
  const { fault, message } = await again(options.replay);
  console.log(fault === undefined ? `no fault: ${message ?? 'accepted'}` : `FAULT: ${fault}`);
  return fault === undefined;
}

try {
  process.exitCode = (await (options.replay ? replay() : fuzz())) ? 0 : 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
