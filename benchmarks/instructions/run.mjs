// npm run bench:instructions [-- --write]   how many instructions each kernel takes, counted by callgrind.
//
// A number that does not depend on what else the machine is doing. It is held against table.json and fails where a kernel
// takes over 5 % more than it did; --write renews the table. A pixel of training is one with all its channels. valgrind has no
// AVX-512, so that level is not counted; it runs the same source as AVX2, on wider vectors.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const TABLE = new URL('table.json', import.meta.url);
const LEVELS = ['avx2', 'portable', 'scalar'];
const GROWTH = 0.05;

const compiler = process.env.CXX ?? 'c++';
const FLAGS = ['-std=c++20', '-O3', '-ffp-contract=off', '-pthread', '-I', join(root, 'native')];

function fail(message) {
  console.error(message);
  process.exit(1);
}

/** First line of what a program says of its version; ends with `otherwise` where there is no such program. */
function versionOf(program, otherwise) {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  if (status !== 0) fail(otherwise);
  return stdout.split('\n')[0];
}

async function run(command, words, environment = {}) {
  const env = { ...process.env, ...environment };
  const child = spawn(command, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (text) => (said.out += text));
  child.stderr.on('data', (text) => (said.err += text));
  const [status] = await once(child, 'close');
  if (status !== 0) fail(`${basename(command)} ${words.join(' ')}\n${said.err}`);
  return said.out;
}

/** Compiles everything below the binding, as many files at a time as there are cores. Gives the program. */
async function build(folder) {
  const listed = readFileSync(join(root, 'native', 'sources.txt'), 'utf8')
    .trim()
    .split('\n');
  const core = listed.filter((source) => !source.startsWith('native/binding/'));
  const own = ['kernels', 'training'].map((name) => `benchmarks/instructions/${name}.cc`);
  const sources = [...core, ...own].map((source) => join(root, source));
  const objects = sources.map((_, i) => join(folder, `${i}.o`));
  const waiting = sources.map((source, i) => [...FLAGS, '-c', source, '-o', objects[i]]);
  const work = async () => {
    for (let words = waiting.shift(); words; words = waiting.shift()) await run(compiler, words);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  const program = join(folder, 'kernels');
  await run(compiler, [...objects, '-pthread', '-o', program]);
  return program;
}

/** Counts of one level by name of the kernel: callgrind writes a file for each, with its name and the sum. */
async function count(program, level, pixels, folder) {
  const counts = join(folder, level);
  mkdirSync(counts);
  const settings = ['--tool=callgrind', '--instr-atstart=no', `--callgrind-out-file=${join(counts, 'out')}`];
  await run('valgrind', [...settings, program], { SALIENCYMIX_CPU: level });
  const found = {};
  for (const file of readdirSync(counts)) {
    const text = readFileSync(join(counts, file), 'utf8');
    const name = /^desc: Trigger: Client Request: (.*)$/m.exec(text)?.[1];
    const instructions = Number(/^totals: (\d+)$/m.exec(text)?.[1]);
    if (name === undefined) continue; // the end of the program
    found[name] = { instructions, perPixel: Number((instructions / pixels[name]).toPrecision(4)) };
  }
  return found;
}

async function measure(folder) {
  const program = await build(folder);
  const levels = {};
  for (const level of LEVELS) {
    const list = await run(program, ['--list'], { SALIENCYMIX_CPU: level });
    const lines = list.trim().split('\n');
    const pixels = Object.fromEntries(
      lines.map((line) => line.split('\t')).map(([name, number]) => [name, Number(number)]),
    );
    const found = await count(program, level, pixels, folder);
    levels[level] = Object.fromEntries(Object.keys(pixels).map((name) => [name, found[name]]));
  }
  return levels;
}

function print(levels) {
  console.log(`instructions per pixel`.padEnd(38) + LEVELS.map((level) => level.padStart(12)).join(''));
  for (const name of Object.keys(levels[LEVELS[0]])) {
    const cells = LEVELS.map((level) => String(levels[level][name]?.perPixel ?? '').padStart(12));
    console.log(name.padEnd(38) + cells.join(''));
  }
}

/** What grew by more than is allowed, or is not in the table, as lines. */
function grown(levels, table) {
  return Object.entries(levels).flatMap(([level, kernels]) =>
    Object.entries(kernels).flatMap(([name, { instructions }]) => {
      const before = table.levels[level]?.[name]?.instructions;
      if (before === undefined) return [`${level}, ${name}: not in the table`];
      const growth = instructions / before - 1;
      return growth > GROWTH ? [`${level}, ${name}: ${(100 * growth).toFixed(1)} % more than ${before}`] : [];
    }),
  );
}

function advice(table) {
  const known = 'Where that is meant: npm run bench:instructions -- --write';
  if (table.compiler === made.compiler) return [known];
  return [`The table was made with another compiler (${table.compiler}; this is ${made.compiler}).`, known];
}

const [word, ...more] = process.argv.slice(2);
if (more.length > 0 || (word !== undefined && word !== '--write')) {
  fail(`unknown option ${[word, ...more].join(' ')}; there is --write`);
}
if (process.arch !== 'x64') fail(`the table is of x64 processors; this is ${process.arch}`);
const valgrind = versionOf('valgrind', 'valgrind is not installed: apt-get install valgrind');
const made = { compiler: versionOf(compiler, `${compiler}: no such compiler; name one in CXX`), valgrind };
const folder = mkdtempSync(join(tmpdir(), 'saliencymix-instructions-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const levels = await measure(folder);
print(levels);
if (word === '--write') {
  writeFileSync(TABLE, `${JSON.stringify({ ...made, levels }, null, 1)}\n`);
  console.log('written to benchmarks/instructions/table.json');
} else if (!existsSync(TABLE)) {
  fail('there is no table yet: npm run bench:instructions -- --write');
} else {
  const table = JSON.parse(readFileSync(TABLE, 'utf8'));
  const lines = grown(levels, table);
  if (lines.length === 0) console.log(`none takes over ${100 * GROWTH} % more than the table says`);
  else fail([...lines, ...advice(table)].join('\n'));
}
