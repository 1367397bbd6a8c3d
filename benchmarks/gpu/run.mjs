// npm run bench:gpu   what the cuda backend does on this machine's graphics card, beside its bounds and its rivals.
//
// A native program (card.cu) measures the kernels and the whole calls, torch_rivals.py does the same work in PyTorch, and
// the package itself is called from here. Everything is checked before it is timed. `node benchmarks/gpu/run.mjs` does
// without npm.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { commitOf } from '../lib/environment.mjs';
import { digits } from '../lib/figures.mjs';
import { fromUser, UsageError } from '../lib/options.mjs';
import { readResults } from '../lib/report.mjs';
import { Mismatch } from '../lib/rounds.mjs';
import { judge, median } from './lib/bars.mjs';
import { buildProgram, runProgram } from './lib/build.mjs';
import { newestGpuResults, writeGpuPage, writeGpuResults } from './lib/report.mjs';
import { runRivals, writeCases } from './lib/rivals.mjs';
import { measureThroughNode } from './lib/through-node.mjs';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));

const USAGE = `npm run bench:gpu -- [options]

  --quick           few rounds, for a first look; kept only with --out
  --rounds <n>      rounds of the native jobs (default 31)
  --only <words>    native jobs whose names begin so, and nothing else; not kept
  --out <file>      where the measurements go, instead of benchmarks/results
  --commit <hash>   for the record, where there is no git
  --cases <folder>  only writes what torch_rivals.py checks itself against, for a machine without Node
  --lines <file>    takes what the program and torch_rivals.py printed elsewhere, instead of measuring
  --host            a dry run without a card: small sizes on the host, whose times mean nothing
  --build           builds the program, and runs nothing
  --report [file]   only writes the page, from the given or the newest measurements
  --page <file>     where the page goes, instead of benchmarks/GPU.md`;

const OPTIONS = {
  quick: { type: 'boolean', default: false },
  rounds: { type: 'string' },
  only: { type: 'string' },
  out: { type: 'string' },
  commit: { type: 'string' },
  cases: { type: 'string' },
  lines: { type: 'string' },
  host: { type: 'boolean', default: false },
  build: { type: 'boolean', default: false },
  report: { type: 'boolean', default: false },
  page: { type: 'string' },
  help: { type: 'boolean', default: false },
};

function readOptions() {
  let parsed;
  try {
    parsed = parseArgs({ options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${error.message}\n\n${USAGE}`, { cause: error });
  }
  const { values, positionals } = parsed;
  if (positionals.length > (values.report ? 1 : 0))
    throw new UsageError(`unknown word "${positionals.at(-1)}"\n\n${USAGE}`);
  const { rounds, out, page, cases, lines } = values;
  if (rounds !== undefined && !/^[1-9]\d*$/.test(String(rounds)))
    throw new UsageError(`--rounds must be a whole number of at least 1, not "${String(rounds)}"`);
  const paths = { out, page, cases, lines, file: positionals[0] };
  const resolved = Object.entries(paths).map(([name, path]) => [name, fromUser(path)]);
  return { ...values, ...Object.fromEntries(resolved) };
}

const require = createRequire(import.meta.url);

/** The package, or why it cannot be asked. */
function loadPackage() {
  const file = join(root, 'dist', 'index.js');
  if (!existsSync(file)) return { why: 'dist is not built (npm run build:ts)' };
  try {
    const library = require(file);
    library.backends();
    return { library };
  } catch (error) {
    return { why: error.message.split('\n')[0] };
  }
}

/** Without a card there is nothing to build: asked of the addon, where it was built for cards and loads. */
function refuseWithoutCard({ library }) {
  const cuda = library?.backends().find(({ name }) => name === 'cuda');
  if (cuda && !cuda.available && !/no CUDA code/.test(cuda.reason))
    throw new UsageError(`No graphics card can be measured: ${cuda.reason}.`);
}

function say(line) {
  const { kind } = line;
  if (kind === 'left') console.log(`without ${line.name}: ${line.why}`);
  if (!line.ms && !line.wallMs) return;
  const name = [
    line.id,
    line.job,
    line.name,
    line.way,
    line.by,
    line.where,
    line.gives,
    line.size,
    line.ways,
  ];
  const ms = line.ms ?? line.deviceMs ?? line.wallMs;
  console.log(
    `${kind.padEnd(6)} ${name.filter(Boolean).join(', ').padEnd(70)} ${digits(median(ms)).padStart(9)} ms`,
  );
}

/** What the numbers depend on: of the machine that measured them, which may be another one (--lines). */
function environment(lines, { commit }) {
  const found = lines.find(({ kind }) => kind === 'device');
  if (!found) throw new UsageError('no line of a device: these are not the lines of gpu_bench');
  const { kind: _, name: device, ...card } = found;
  const { driver, cudaOfDriver, cudaRuntime, nvcc, ...facts } = card;
  const torch = lines.find(({ kind }) => kind === 'rivals')?.torch;
  const versions = { driver, 'CUDA of the driver': cudaOfDriver, 'CUDA runtime': cudaRuntime, nvcc, torch };
  return {
    ...(commit ? { commit, modified: false } : commitOf(root)),
    device,
    ...facts,
    versions: {
      ...Object.fromEntries(Object.entries(versions).filter(([, version]) => version)),
      node: process.versions.node,
      saliencymix: require('../../package.json').version,
    },
  };
}

const resultsOf = (lines, options) => ({
  date: new Date().toISOString(),
  quick: options.quick,
  dryRun: options.host,
  environment: environment(lines, options),
  lines,
});

function readLines(file) {
  const texts = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'));
  return texts.map((text) => JSON.parse(text));
}

/** Every line is also kept at once, for a run that does not come to its end. */
async function measure(options) {
  const pack = loadPackage();
  if (!options.host && !options.build) refuseWithoutCard(pack);
  const program = buildProgram(root, options);
  if (options.build) return undefined;
  const kept = `${program}.lines`;
  writeFileSync(kept, '');
  const lines = [];
  const take = (line) => {
    lines.push(line);
    appendFileSync(kept, `${JSON.stringify(line)}\n`);
    say(line);
  };
  await runProgram(program, options, take);
  if (options.only === undefined) {
    if (pack.library) {
      await runRivals(pack.library, options, take);
      await measureThroughNode(pack.library, options, take);
    } else take({ kind: 'left', name: 'PyTorch and the package through Node', why: pack.why });
  }
  return resultsOf(lines, options);
}

function printBars(results) {
  for (const { what, bar, unit, value, met } of judge(results)) {
    const shown = value === undefined ? 'not measured' : `${digits(value)} ${unit === 'share' ? '' : unit}`;
    console.log(`${what.padEnd(60)} ${String(bar).padStart(5)}  ${shown} ${met ? 'reached' : ''}`.trimEnd());
  }
}

async function main() {
  const options = readOptions();
  if (options.help) return console.log(USAGE);
  if (options.report) {
    writeGpuPage(options.file ? readResults(options.file) : newestGpuResults(), options.page);
    return;
  }
  if (options.cases) {
    const { library, why } = loadPackage();
    if (!library) throw new UsageError(why);
    return writeCases(library, options.cases);
  }
  const results = options.lines ? resultsOf(readLines(options.lines), options) : await measure(options);
  if (!results) return;
  console.log('\nresults agree');
  if (!options.host) printBars(results);
  const whole = !options.quick && !options.host && options.only === undefined && !options.out;
  if (whole || options.out) console.log(`measurements: ${writeGpuResults(results, options.out)}`);
  if (whole || options.page) writeGpuPage(results, options.page);
}

try {
  await main();
} catch (error) {
  const expected = error instanceof UsageError || error instanceof Mismatch;
  console.error(expected ? error.message : error);
  process.exitCode = 1;
}
