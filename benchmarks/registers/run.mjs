// npm run bench:registers [-- --write]   the registers of every CUDA kernel, from the compiler's own report.
//
// Needs nvcc and no graphics card. Fails where a kernel keeps registers in memory (spills, or a stack), or takes over 8 more
// than table.json says: then fewer of its blocks run side by side. --write renews the table.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const TABLE = new URL('table.json', import.meta.url);
const CAPABILITIES = ['75', '80', '90'];
const GROWTH = 8;

function fail(message) {
  console.error(message);
  process.exit(1);
}

/** nvcc from the path, or from where the toolkit puts it; undefined where there is none. */
function findCompiler() {
  const named = process.env.CUDACXX;
  const tried = named ? [named] : ['nvcc', '/usr/local/cuda/bin/nvcc'];
  return tried.find((command) => spawnSync(command, ['--version']).status === 0);
}

const SOURCES = ['native/cuda/backend.cu', 'native/cuda/train/card.cu'];

function report(compiler, source) {
  const folder = mkdtempSync(join(tmpdir(), 'saliencymix-registers-'));
  // The settings of CMakeLists.txt; --cubin cannot take several kinds of card at once.
  const words = [
    '-std=c++20',
    '-O3',
    '-fmad=false',
    '--expt-relaxed-constexpr',
    '--threads=0',
    '-Xptxas',
    '-v',
  ];
  words.push(...CAPABILITIES.map((number) => `--generate-code=arch=compute_${number},code=sm_${number}`));
  words.push('-I', join(root, 'native'), '-c', join(root, source), '-o', join(folder, 'kernels.o'));
  const { status, stderr } = spawnSync(compiler, words, { encoding: 'utf8', maxBuffer: 1 << 26 });
  rmSync(folder, { recursive: true, force: true });
  if (status !== 0) fail(stderr);
  return stderr;
}

/** A kernel's mangled name without the words that all of them share: runKernel<…::Contrast> is Contrast. */
function nameOf(mangled) {
  const readable = spawnSync('c++filt', [mangled], { encoding: 'utf8' }).stdout?.trim() || mangled;
  const found = /runKernel<saliencymix::cuda::(.*?)\s*>\(/.exec(readable);
  return (found?.[1] ?? readable)
    .replaceAll(' >', '>')
    .replaceAll('saliencymix::cuda::', '')
    .replace('unsigned char', 'uint8')
    .replace('unsigned short', 'float16');
}

/** Registers, bytes of stack and spilled bytes of each kernel, by kind of card. */
function parse(text) {
  const found = {};
  const pattern =
    /Compiling entry function '(\S+)' for 'sm_(\d+)'[\s\S]*?(\d+) bytes stack frame, (\d+) bytes spill stores[\s\S]*?Used (\d+) registers/g;
  for (const [, mangled, capability, stack, spilled, registers] of text.matchAll(pattern)) {
    const kernel = (found[nameOf(mangled)] ??= {});
    kernel[capability] = { registers: Number(registers), stack: Number(stack), spilled: Number(spilled) };
  }
  return Object.fromEntries(Object.entries(found).toSorted(([a], [b]) => a.localeCompare(b)));
}

function print(kernels) {
  console.log('registers'.padEnd(32) + CAPABILITIES.map((number) => `sm_${number}`.padStart(8)).join(''));
  for (const [name, kinds] of Object.entries(kernels)) {
    console.log(
      name.padEnd(32) + CAPABILITIES.map((number) => String(kinds[number].registers).padStart(8)).join(''),
    );
  }
}

function faults(kernels) {
  return Object.entries(kernels).flatMap(([name, kinds]) =>
    Object.entries(kinds)
      .filter(([, { stack, spilled }]) => stack > 0 || spilled > 0)
      .map(
        ([number, { stack, spilled }]) =>
          `${name}, sm_${number}: ${stack} bytes of stack, ${spilled} spilled`,
      ),
  );
}

function grown(kernels, table) {
  return Object.entries(kernels).flatMap(([name, kinds]) =>
    Object.entries(kinds).flatMap(([number, { registers }]) => {
      const before = table.kernels[name]?.[number];
      if (before === undefined) return [`${name}, sm_${number}: not in the table`];
      return registers > before + GROWTH
        ? [`${name}, sm_${number}: ${registers} registers, before ${before}`]
        : [];
    }),
  );
}

const [word, ...more] = process.argv.slice(2);
if (more.length > 0 || (word !== undefined && word !== '--write')) {
  fail(`unknown option ${[word, ...more].join(' ')}; there is --write`);
}
const compiler = findCompiler();
if (compiler === undefined) fail('nvcc was not found: install the CUDA toolkit, or name it in CUDACXX');
const version = /release ([\d.]+)/.exec(spawnSync(compiler, ['--version'], { encoding: 'utf8' }).stdout)?.[1];
const kernels = parse(SOURCES.map((source) => report(compiler, source)).join(''));
if (Object.keys(kernels).length === 0) fail('the compiler reports no kernels');
print(kernels);
const wrong = faults(kernels);
if (wrong.length > 0) fail(wrong.join('\n'));
if (word === '--write') {
  const numbers = Object.entries(kernels).map(([name, kinds]) => [
    name,
    Object.fromEntries(Object.entries(kinds).map(([number, { registers }]) => [number, registers])),
  ]);
  writeFileSync(
    TABLE,
    `${JSON.stringify({ nvcc: version, kernels: Object.fromEntries(numbers) }, null, 2)}\n`,
  );
  console.log('written to benchmarks/registers/table.json');
} else if (!existsSync(TABLE)) {
  fail('there is no table yet: npm run bench:registers -- --write');
} else {
  const table = JSON.parse(readFileSync(TABLE, 'utf8'));
  const lines = grown(kernels, table);
  const known = 'Where that is meant: npm run bench:registers -- --write';
  const other =
    table.nvcc === version ? [] : [`The table was made with nvcc ${table.nvcc}; this is ${version}.`];
  if (lines.length > 0) fail([...lines, ...other, known].join('\n'));
  console.log(`no kernel spills, none takes over ${GROWTH} registers more than the table says`);
}
