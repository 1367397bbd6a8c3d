// Measurements of a card as JSON, and GPU.md made from them.
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { digits, percent } from '../../lib/figures.mjs';
import { UsageError } from '../../lib/options.mjs';
import { GPU_RESULTS, plain, readResults, table } from '../../lib/report.mjs';
import { summary } from '../../lib/statistics.mjs';
import { newestTraining, trainingSection } from '../training/results.mjs';
import { copyBandwidth, gigabytes, jobOf, judge, median, shareOf, stagesOf } from './bars.mjs';

const HERE = new URL('../../', import.meta.url);
const RESULTS = new URL('results/', HERE);
const MEASUREMENTS = `${GPU_RESULTS}bench-`;

/** Beside its place first, so that no half a file is ever read. Gives the path. */
export function writeGpuResults(results, wanted) {
  const { device, commit } = results.environment;
  const file = wanted ?? fileURLToPath(new URL(`${MEASUREMENTS}${plain(device)}-${commit}.json`, RESULTS));
  if (!wanted) mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${file}.part`, `${JSON.stringify(results, null, 1)}\n`);
  renameSync(`${file}.part`, file);
  return file;
}

/** By the dates in the files. */
export function newestGpuResults() {
  const kept = readdirSync(RESULTS)
    .filter((name) => name.startsWith(MEASUREMENTS) && name.endsWith('.json'))
    .map((name) => readResults(fileURLToPath(new URL(name, RESULTS))))
    .toSorted((a, b) => b.date.localeCompare(a.date));
  if (kept.length === 0)
    throw new UsageError('Nothing has been measured on a graphics card yet: npm run bench:gpu');
  return kept[0];
}

const spread = (ms) => {
  const { low, median: middle, high } = summary(ms);
  return `${digits(middle)} (${digits(low)}–${digits(high)})`;
};
const rate = (images, ms) => digits((1000 * images) / median(ms));
const sizeOf = ({ images, side }) => `${images} × ${side}²`;

function barsSection(results) {
  const show = (value, unit) => (unit === 'share' ? percent(value) : `${digits(value)} ${unit}`);
  const rows = judge(results).map(({ what, bar, unit, value, met }) => [
    what,
    `${unit === 'share' ? '≥' : '≤'} ${show(bar, unit)}`,
    value === undefined ? '' : show(value, unit),
    value === undefined ? 'not measured' : met ? 'reached' : '**short**',
  ]);
  return ['## What is promised', table(['', 'promise', 'measured', ''], rows)];
}

function copiesSection({ lines }) {
  const rows = lines
    .filter(({ kind }) => kind === 'copy')
    .map(({ way, by, bytes, ms }) => [
      `${way}, ${by}`,
      digits(bytes / 1e6),
      spread(ms),
      bytes > 0 ? digits(gigabytes(bytes, median(ms))) : '',
    ]);
  const about =
    'Of the card’s own memory (read and written bytes both count), and over the bus from and to the host. “device batch” ' +
    'is a copy of one batch of 256 × 224², where starting and ending weigh more; “nothing” is what a launch of next to ' +
    'nothing takes, which is in every stage below.';
  return ['## Copies', about, table(['', 'MB', 'ms', 'GB/s'], rows)];
}

function stageRow(results, job, stage) {
  const { name, formula, launches, read, written, ms } = stage;
  const bytes = formula ? [digits((read + written) / job.images)] : [''];
  const speed = formula
    ? [digits(gigabytes(read + written, median(ms))), percent(shareOf(results, stage))]
    : ['', ''];
  const { registers, spilledBytes: spilled, threads, blocksOfProcessor: blocks } = stage;
  const made =
    registers > 0 ? `${registers}${spilled > 0 ? ` + ${spilled} B` : ''}, ${blocks} × ${threads}` : '';
  return [name, formula, launches, ...bytes, spread(ms), ...speed, made];
}

function jobSection(results, job) {
  const call = `A call takes ${spread(job.wallMs)} ms, ${rate(job.images, job.wallMs)} images/s.`;
  const device = `On the device it takes ${spread(job.deviceMs)} ms from the first kernel to the end of the last.`;
  const head = [
    '',
    'moves, of an image',
    'launches',
    'bytes',
    'ms',
    'GB/s',
    'of a copy',
    'registers, blocks',
  ];
  const rows = stagesOf(results, job.id).map((stage) => stageRow(results, job, stage));
  return [`### ${job.id}: ${sizeOf(job)}`, `${device} ${call} Checked: ${job.checked}.`, table(head, rows)];
}

function hostSection({ lines }) {
  const jobs = lines.filter(({ kind, copiesMs }) => kind === 'job' && copiesMs);
  const over = (ms, other) => digits(median(ms.map((value, i) => value / other[i])));
  const rows = jobs.map((job) => [
    `${job.id}: ${sizeOf(job)}`,
    spread(job.wallMs),
    rate(job.images, job.wallMs),
    spread(job.copiesMs),
    `${over(job.wallMs, job.copiesMs)} ×`,
    spread(job.plainCopiesMs),
    `${over(job.wallMs, job.plainCopiesMs)} ×`,
  ]);
  const head = ['', 'ms', 'images/s', 'its copies, ms', 'over them', 'cudaMemcpy, ms', 'over it'];
  const about =
    'A whole mix from pageable memory and back to it, beside the copies alone of the same bytes: through the queue’s ' +
    'page-locked memory, and by cudaMemcpy. The three take turns; ratios are taken within a round.';
  return ['## From and to host memory', about, table(head, rows)];
}

/** Our job that gives what a rival gives. */
function counterpart(results, { name, gives, size }) {
  const format = gives.split(',')[0];
  if (name.startsWith('saliency')) return jobOf(results, `fine-grained ${size}`);
  if (name === 'SaliencyMix') return jobOf(results, `mix ${format} ${size}`);
  return jobOf(results, `${name.endsWith('cutmix') ? 'paste' : 'blend'} ${format} ${size}`);
}

function rivalsSection(results) {
  const rows = results.lines
    .filter(({ kind }) => kind === 'rival')
    .map((rival) => {
      const own = counterpart(results, rival);
      const ratio = own && median(rival.ms) / median(own.wallMs);
      return [
        `${rival.name}, ${rival.gives}: ${sizeOf(rival)}`,
        spread(rival.ms),
        rate(rival.images, rival.ms),
        own ? spread(own.wallMs) : '',
        ratio ? `${digits(ratio)} ×` : '',
      ];
    });
  const about =
    'PyTorch’s own operations, on the same card, from device memory to device memory. SaliencyMix is the same method ' +
    'written in them, to the same maps, boxes and pixels; CutMix and Mixup are written after timm and torchvision, with ' +
    'one lambda and one box for a whole batch. Beside them the whole call of this package that gives the same: it takes ' +
    'uint8 and converts while it mixes, also where the rival’s images are floats already (“ready before”).';
  if (rows.length === 0) return [];
  const head = ['', 'ms', 'images/s', 'this package, ms', 'times as fast'];
  return ['## Beside PyTorch', about, table(head, rows)];
}

function nodeSection({ lines }) {
  const rows = lines
    .filter(({ kind }) => kind === 'node')
    .map(({ where, gives, ways, ms, ...line }) => [
      `${where}, ${gives}: ${sizeOf(line)}`,
      ways,
      spread(ms),
      rate(line.images, ms),
    ]);
  if (rows.length === 0) return [];
  const about = '`mixer.mix` with saliencymix, labels included, `into` memory that is there already.';
  return ['## Through Node', about, table(['', 'calls at once', 'ms a batch', 'images/s'], rows)];
}

function machine(results) {
  const { environment: at, date, quick } = results;
  const versions = Object.entries(at.versions).map(([name, version]) => `${name} ${version}`);
  const commit = `commit ${at.commit}${at.modified ? ' with changes' : ''}, ${date.slice(0, 10)}`;
  const card = at.multiprocessors
    ? `${at.device}, ${at.multiprocessors} multiprocessors, ${digits(at.cacheBytes / 2 ** 20)} MiB cache`
    : at.device;
  const device = `${[card, at.processor].filter(Boolean).join('; ')}, ${at.cores} cores.`;
  const bound = `Copy bandwidth: ${digits(copyBandwidth(results))} GB/s.`;
  return `${device}  \n${versions.join(', ')}; ${commit}${quick ? ', a quick run' : ''}.  \n${bound}`;
}

const METHOD = `Made by \`npm run bench:gpu\`; do not edit. Every result was compared with the CPU backend's before anything was timed.
Kernels are timed by events of the card around every launch of a whole trip, with the queue full before it starts; as many
batches take turns as exceed the card's cache. Numbers are medians with the quartiles in brackets. The bytes are those that
must move: each input read once, each result written once. What a kernel before has left in the cache comes faster than
memory, so a share of the copy bandwidth may exceed 100 %. P: pixels of an image; V: its values; S = (H + 1)(W + 1).
Registers are of a thread, blocks those that fit a multiprocessor at once, times their threads.`;

export function gpuPage(results) {
  const jobs = results.lines.filter(({ kind, deviceMs }) => kind === 'job' && deviceMs);
  const left = results.lines.filter(({ kind }) => kind === 'left');
  const parts = [
    '# On a graphics card',
    ...(results.dryRun ? ['A dry run on the host, without a card: no number below means anything.'] : []),
    METHOD,
    machine(results),
    ...barsSection(results),
    ...copiesSection(results),
    ...hostSection(results),
    ...rivalsSection(results),
    ...nodeSection(results),
    ...trainingSection(newestTraining(results.environment.device)),
    ...left.map(({ name, why }) => `Without ${name}: ${why}.`),
    '## Stages',
    ...jobs.flatMap((job) => jobSection(results, job)),
  ];
  return `${parts.join('\n\n')}\n`;
}

export function writeGpuPage(results, file = fileURLToPath(new URL('GPU.md', HERE))) {
  writeFileSync(file, gpuPage(results));
  console.log(`report: ${file}`);
}
