// Measurements as JSON, and the pages made from them: REPORT.md with its chart, and TRAINING.md.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { drawChart } from './chart.mjs';
import { digits, percent, rivalsOf, rowsOf, times } from './figures.mjs';
import { UsageError } from './options.mjs';
import { PAGES, pageOf } from './pages.mjs';

const HERE = new URL('../', import.meta.url);
const RESULTS = new URL('results/', HERE);

/** How the names of a graphics card's measurements and tests begin; the measurements have a page of their own. */
export const GPU_RESULTS = 'gpu-';

export const plain = (text) => text.toLowerCase().replace(/\W+/g, '-').replace(/^-|-$/g, '');

/** Gives the path that was written. Without `wanted` the tasks are those of a page. */
export function writeResults(results, wanted) {
  const { processor, commit } = results.environment;
  const prefix = pageOf(results.tasks.map(({ name }) => name))?.prefix;
  const file = wanted ?? fileURLToPath(new URL(`${prefix}${plain(processor)}-${commit}.json`, RESULTS));
  if (!wanted) mkdirSync(RESULTS, { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
  return file;
}

/** What a file in results/ is named for: the prefix that it begins with. */
function prefixOf(name) {
  const others = [GPU_RESULTS, ...Object.values(PAGES).map(({ prefix }) => prefix)];
  return others.find((prefix) => prefix !== '' && name.startsWith(prefix)) ?? '';
}

/** All of a page, the newest first, by the dates in the files: a checkout sets the times of the files themselves as it likes. */
function keptResults({ prefix }) {
  return readdirSync(RESULTS)
    .filter((name) => name.endsWith('.json') && prefixOf(name) === prefix)
    .map((name) => fileURLToPath(new URL(name, RESULTS)))
    .map((file) => ({ file, ...readResults(file) }))
    .toSorted((a, b) => b.date.localeCompare(a.date));
}

/** The path of the newest of a page, or undefined. */
export const newestResults = (page = PAGES.usual) => keptResults(page)[0]?.file;

/** The newest results of each kind of processor, the newest kind first. */
export function newestOfProcessors(page = PAGES.usual) {
  const newest = new Map();
  for (const result of keptResults(page)) {
    const { processor, levels } = result.environment;
    const kind = `${processor} ${levels[0]}`;
    if (!newest.has(kind)) newest.set(kind, result);
  }
  return [...newest.values()];
}

export function readResults(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${file}: cannot be read as measurements: ${error.message}`, { cause: error });
  }
}

export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

function jobTable(job, bandwidth) {
  const rivals = rivalsOf(job);
  const rows = rowsOf(job, bandwidth);
  const compared = rows.some(({ gain }) => gain);
  const head = [
    '',
    job.clock === 'cpu' ? 'ms CPU' : 'ms',
    'images/s',
    ...(job.bytes ? ['GB/s', 'of a copy'] : []),
    ...rivals.map((r) => `× ${r}`),
  ];
  const measured = rows.some(({ peakMB }) => peakMB);
  if (measured) head.push('peak MB');
  if (compared) head.push('this commit is');
  return table(
    head,
    rows.map((row) => [
      row.own ? `**${row.label}**` : row.label,
      digits(row.milliseconds.median),
      `${digits(row.rate.median)} (${digits(row.rate.low)}–${digits(row.rate.high)})`,
      ...(job.bytes ? [digits(row.gigabytes), percent(row.share)] : []),
      ...rivals.map((name) => times(row.ratios[name])),
      ...(measured ? [row.peakMB ?? ''] : []),
      ...(compared ? [row.gain ? `${times(row.gain)} as fast` : ''] : []),
    ]),
  );
}

function taskSection({ title, about, bandwidth, left, remarks = [], summary, jobs }) {
  const copies = Object.entries(bandwidth).map(
    ([threads, { median }]) => `${digits(median)} GB/s on ${threads} thread${threads === '1' ? '' : 's'}`,
  );
  const parts = [`## ${title}`, about];
  if (jobs.some(({ bytes }) => bytes)) parts.push(`A copy of memory: ${copies.join(', ')}.`);
  for (const { name, why } of left) parts.push(`Without ${name}: ${why}.`);
  parts.push(...remarks.map((remark) => `${remark}.`));
  if (summary) parts.push(table(summary.head, summary.rows));
  for (const job of jobs) {
    parts.push(`### ${job.label}`, jobTable(job, bandwidth));
    const notes = job.notes.map(({ contender, note }) => `${contender}: ${note}`);
    if (notes.length > 0) parts.push(`Compared with the reference: ${notes.join('; ')}.`);
  }
  return parts.join('\n\n');
}

function machine({ date, rounds, environment: at }) {
  const versions = Object.entries(at.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${at.processor}, ${at.cores} core${at.cores === 1 ? '' : 's'}, ${at.cacheMB} MB cache, ${at.system}; levels ${at.levels.join(', ')}; ${at.oneProcessorEach ? 'one processor to one thread' : 'any processor to one thread'}.`,
    `${versions.join(', ')}; commit ${at.commit}${at.modified ? ' with changes' : ''}, ${date.slice(0, 10)}, ${rounds} rounds.`,
  ].join('  \n');
}

const aboutSteps = ({
  tasks,
}) => `Made by \`npm run bench -- ${tasks[0]}\`; do not edit. Each contender runs in a process of its own, and they take turns in
rounds, one at a time. Numbers are medians over the rounds with the quartiles in brackets; ratios are taken within each round,
then their median: how many times as fast as the rival.`;

const ABOUT_PARTS = `Made by \`npm run bench:ablation\`; do not edit. All copies with as many threads run in one process, as processes
that are otherwise the same differ by several per cent, and take turns in rounds. Their results are compared first. Ratios are taken
within each round: their median, with the quartiles in brackets. "The same" is a second copy without any change: as far as it is from 1,
nothing is told.`;

const METHOD = `Made by \`npm run bench\`; do not edit. Every result was compared with the scalar reference before it was timed. Each
contender runs in a process of its own on the same inputs, which are distinct and larger than a core's cache, and they
take turns in rounds, one at a time. All write into memory that is there already, as a training loop does. Numbers are
medians over the rounds with the quartiles in brackets; ratios are taken within each round, then their median. Rivals
run on one thread unless it says otherwise. Who runs on one thread has one processor, where the system can be told so.`;

/** From the kept table: the numbers that do not change with the machine's load. */
function instructionSection() {
  const { compiler, levels } = JSON.parse(readFileSync(new URL('instructions/table.json', HERE), 'utf8'));
  const names = Object.keys(levels);
  const kernels = Object.keys(levels[names[0]]);
  const rows = kernels.map((kernel) => [
    kernel.replace(/ (\d+)$/, ', $1²'),
    ...names.map((level) => (levels[level][kernel] ? digits(levels[level][kernel].perPixel) : '')),
  ]);
  const about = `Instructions per pixel of the kernels, one thread, as callgrind counts them (${compiler}); \`npm run bench:instructions\` fails where one grows by more than 5 %.`;
  return ['## Instructions', about, table(['', ...names], rows)].join('\n\n');
}

/** Parts that cannot be left out any more, and what they were when they came. */
const KEPT = `## What was measured when it came

CPU time of a step on one thread, AVX-512 unless it says otherwise, processes in turns, as shares of the time without it.

- Large results are written past the caches, from 3 MiB on (native/train/streaming.h): ResNet-20 batch 128 0.94, ResNet-18 batch
  32 0.98, ResNet-50 224² batch 4 0.94, batch 16 0.91; AVX2, ResNet-20 0.93. From 0.7, 1.5, 3, 6 MB on: ResNet-20 0.97,
  0.965, 0.946, 0.938; ResNet-18 batch 32 0.97 each.
- Weights and momentum are changed where they lie (native/train/update.h), which reads them twice: the update of ResNet-18 takes
  9.0 ms of 280 instead of 7.9; WRN-28-10 batch 8 1.01, with what is streamed. Memory of WRN-28-10 1309 → 640 MB, with the
  initial weights going to the thread one by one.
- Gradients of weights run as soon as they can (src/graph/run-order.ts): memory of ResNet-18 batch 128 1052 → 908 MB, of
  ResNet-20 batch 128 382 → 352 MB. Times, with the line before: 1.01 to 1.03, on a busy machine that varied as much.
- What convolutions alone read of a normalisation is not written, they compute it where they read it (native/train/
  convolution_input.h; the pattern "convolution input"): memory of ResNet-20 batch 128 341 → 295 MB, ResNet-18 batch 128
  911 → 772, WRN-16-4 batch 32 288 → 237, ResNet-50 batch 4 700 → 663. Beside keeping nothing and normalising again for the
  gradient of the weights: ResNet-20 0.96, WRN-16-4 0.96, ResNet-18 batch 32 1.00, ResNet-50 batch 4 and 16 1.00.
- With few weights each thread sums tiles of its own (native/train/winograd_by_weights.cc): the gradients of the weights of
  16 × 16 channels at 32², batch 128, 0.82 to 0.89 on one thread, and of ResNet-20 on two threads 24.9 → 23.0 ms.
- The 36 planes of Winograd's transforms lie an odd number of cache lines apart: see the commit of that name.

## What was tried and not taken

Time of the nodes, ms a step, one thread: ResNet-20 batch 128 (132 in all), ResNet-18 batch 32 (244), ResNet-50 batch 4 (444).

- Sums for the statistics in the output transform of Winograd's convolutions: convolutions 35.6 → 38.3, 67.8 → 68.6,
  118.4 → 120.3, where the node that they would replace takes 3.9, 3.5 and 8.9, the last mostly after other convolutions. At
  most 1 % gained, before the sums of the blocks are combined.
- The gradient of a normalisation in the input transforms of both gradients of the convolution before it: those take 28.1 → 34.7
  and 39.9 → 45.0, 66.5 → 72.2 and 77.5 → 83.8, 111.6 → 115.7 and 135.5 → 143.6, where the node that they would replace takes
  5.9, 5.1 and 11.1. Lost: tiles overlap, and three tensors are read twice.`;

function writeOf(page, title, results, ...more) {
  const parts = [title, aboutSteps(page), machine(results), ...results.tasks.map(taskSection), ...more];
  writeFileSync(new URL(page.file, HERE), `${parts.join('\n\n')}\n`);
  console.log(`report: benchmarks/${page.file}`);
}

/** What the parts of mixing gain, on each kind of processor that was measured. */
function writeParts(page) {
  const all = newestOfProcessors(page);
  const [newest] = all[0].tasks;
  const sections = all.map((results) => {
    const { processor, levels } = results.environment;
    const tables = results.tasks[0].summary.map(
      ({ title, head, rows }) => `### ${title}\n\n${table(head, rows)}`,
    );
    return [`## ${processor}, ${levels[0]}`, machine(results), ...tables].join('\n\n');
  });
  writeFileSync(
    new URL(page.file, HERE),
    `${[`# ${newest.title}`, ABOUT_PARTS, newest.about, ...sections].join('\n\n')}\n`,
  );
  console.log(`report: benchmarks/${page.file}`);
}

/** The page of these results. */
export function writeReport(results) {
  const page = pageOf(results.tasks.map(({ name }) => name));
  if (page === PAGES.training) writeOf(page, '# Training beside PyTorch', results);
  else if (page === PAGES.operations) writeOf(page, '# Operations on images beside Pillow', results);
  else if (page === PAGES.ablation)
    writeOf(page, '# What the parts of the training engine gain', results, KEPT);
  else if (page === PAGES.parts) writeParts(page);
  else writeUsual(results);
}

function writeUsual(results) {
  const parts = [
    '# Benchmarks',
    METHOD,
    machine(results),
    '![How many times as fast as its rival](report.svg)',
    ...results.tasks.map(taskSection),
    instructionSection(),
  ];
  writeFileSync(new URL(PAGES.usual.file, HERE), `${parts.join('\n\n')}\n`);
  writeFileSync(new URL('report.svg', HERE), drawChart(results));
  console.log(`report: benchmarks/${PAGES.usual.file}`);
}
