// npm run bench:registers [-- --write]   the registers of every CUDA kernel, from the compiler's own report, and the instructions
// of its machine code for sm_90.
//
// Needs nvcc and no graphics card. Fails where a kernel keeps registers in memory (spills, or a stack), takes over 8 more
// than table.json says (then fewer of its blocks run side by side), or has over a tenth more instructions. --write renews the
// table.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const TABLE = new URL('table.json', import.meta.url);
const CAPABILITIES = ['75', '80', '90'];
const GROWTH = 8;
/** The kind of card whose machine code is counted, the bytes of an instruction there, and how many more are too many. */
const COUNTED = '90';
const INSTRUCTION = 16;
const isLonger = (found, before) => found > 1.1 * before + 16;

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

/** Bytes of machine code of each kernel, by its mangled name: sections of an ELF file. */
function codeSizes(file) {
  const bytes = readFileSync(file);
  const [start, size, count, names] = [
    Number(bytes.readBigUInt64LE(0x28)),
    bytes.readUInt16LE(0x3a),
    bytes.readUInt16LE(0x3c),
    bytes.readUInt16LE(0x3e),
  ];
  const sections = Array.from({ length: count }, (_, i) => {
    const at = start + i * size;
    return {
      name: bytes.readUInt32LE(at),
      offset: Number(bytes.readBigUInt64LE(at + 24)),
      length: Number(bytes.readBigUInt64LE(at + 32)),
    };
  });
  const nameAt = (offset) => bytes.toString('latin1', offset, bytes.indexOf(0, offset));
  return sections.flatMap(({ name, length }) => {
    const [, kernel] = /^\.text\.(.+)$/.exec(nameAt(sections[names].offset + name)) ?? [];
    return kernel ? [[kernel, length]] : [];
  });
}

/** What the compiler says of a source's kernels, and the sizes of their code. */
function compile(compiler, source) {
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
  words.push('--keep', '--keep-dir', folder);
  const { status, stderr } = spawnSync(compiler, words, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) fail(stderr);
  const cubin = readdirSync(folder).find((name) => name.endsWith(`_${COUNTED}.cubin`));
  const sizes = codeSizes(join(folder, cubin));
  rmSync(folder, { recursive: true, force: true });
  return { stderr, sizes };
}

/** A kernel's mangled name without the words that all of them share: runKernel<…::Contrast> is Contrast. */
function nameOf(mangled) {
  const readable = spawnSync('c++filt', [mangled], { encoding: 'utf8' }).stdout?.trim() || mangled;
  const found = /runKernel<saliencymix::cuda::(.*?)\s*>\(/.exec(readable);
  return (found?.[1] ?? readable)
    .replaceAll(' >', '>')
    .replaceAll('saliencymix::cuda::', '')
    .replace('unsigned char', 'uint8')
    .replace('unsigned short', 'float16')
    .replace('(MixSet)0', 'all')
    .replace('(MixSet)1', 'moved');
}

/** Registers, bytes of stack and spilled bytes of each kernel, by kind of card; and its instructions. */
function parse(text, sizes) {
  const found = {};
  const pattern =
    /Compiling entry function '(\S+)' for 'sm_(\d+)'[\s\S]*?(\d+) bytes stack frame, (\d+) bytes spill stores[\s\S]*?Used (\d+) registers/g;
  for (const [, mangled, capability, stack, spilled, registers] of text.matchAll(pattern)) {
    const kernel = (found[nameOf(mangled)] ??= {});
    kernel[capability] = { registers: Number(registers), stack: Number(stack), spilled: Number(spilled) };
  }
  for (const [mangled, size] of sizes) {
    const kernel = found[nameOf(mangled)];
    if (kernel) kernel[COUNTED].instructions = size / INSTRUCTION;
  }
  return Object.fromEntries(Object.entries(found).toSorted(([a], [b]) => a.localeCompare(b)));
}

function print(kernels) {
  const line = (name, words) => console.log(name.padEnd(34) + words.map((one) => one.padStart(8)).join(''));
  line('registers, instructions', [...CAPABILITIES.map((number) => `sm_${number}`), `sm_${COUNTED}`]);
  for (const [name, kinds] of Object.entries(kernels))
    line(name, [
      ...CAPABILITIES.map((number) => String(kinds[number].registers)),
      String(kinds[COUNTED].instructions),
    ]);
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
  return Object.entries(kernels).flatMap(([name, kinds]) => {
    const before = table.kernels[name];
    if (before === undefined) return [`${name}: not in the table`];
    const { instructions } = kinds[COUNTED];
    return [
      ...Object.entries(kinds)
        .filter(([number, { registers }]) => registers > before[number] + GROWTH)
        .map(
          ([number, { registers }]) =>
            `${name}, sm_${number}: ${registers} registers, before ${before[number]}`,
        ),
      ...(isLonger(instructions, before.instructions)
        ? [`${name}, sm_${COUNTED}: ${instructions} instructions, before ${before.instructions}`]
        : []),
    ];
  });
}

const [word, ...more] = process.argv.slice(2);
if (more.length > 0 || (word !== undefined && word !== '--write')) {
  fail(`unknown option ${[word, ...more].join(' ')}; there is --write`);
}
const compiler = findCompiler();
if (compiler === undefined) fail('nvcc was not found: install the CUDA toolkit, or name it in CUDACXX');
const version = /release ([\d.]+)/.exec(spawnSync(compiler, ['--version'], { encoding: 'utf8' }).stdout)?.[1];
const compiled = SOURCES.map((source) => compile(compiler, source));
const kernels = parse(
  compiled.map(({ stderr }) => stderr).join(''),
  compiled.flatMap(({ sizes }) => sizes),
);
if (Object.keys(kernels).length === 0) fail('the compiler reports no kernels');
print(kernels);
const wrong = faults(kernels);
if (wrong.length > 0) fail(wrong.join('\n'));
if (word === '--write') {
  const numbers = Object.entries(kernels).map(([name, kinds]) => [
    name,
    {
      ...Object.fromEntries(Object.entries(kinds).map(([number, { registers }]) => [number, registers])),
      instructions: kinds[COUNTED].instructions,
    },
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
  console.log(
    `no kernel spills, none takes over ${GROWTH} registers or a tenth more instructions than the table says`,
  );
}
