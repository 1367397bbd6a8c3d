// The few numbers of a card that the package's README quotes.
import { digits } from '../../lib/figures.mjs';
import { trainingRows } from '../training/results.mjs';
import { jobOf, median } from './bars.mjs';

const SIZES = { large: '256 × 224²', small: '4096 × 32²' };

/** Our jobs, what they do in words, and the rival that does the same. */
const JOBS = [
  ['fine-grained', 'saliency maps and peaks', ({ name }) => name.startsWith('saliency')],
  [
    'mix uint8 NHWC',
    'saliencymix, uint8',
    ({ name, gives }) => name === 'SaliencyMix' && gives.startsWith('uint8'),
  ],
  [
    'paste float32 NCHW',
    'cutmix, float32 NCHW',
    ({ name, gives }) => name === 'torchvision cutmix' && !gives.includes('ready'),
  ],
  [
    'blend float32 NCHW',
    'mixup, float32 NCHW',
    ({ name, gives }) => name === 'torchvision mixup' && !gives.includes('ready'),
  ],
];

function jobRow(results, [id, label, isRival], size) {
  const job = jobOf(results, `${id} ${size}`);
  const rival = results.lines.find((line) => line.kind === 'rival' && line.size === size && isRival(line));
  if (!job || !rival) return [];
  const ms = median(job.wallMs);
  return [
    [
      `${label}, ${SIZES[size]}`,
      digits(ms),
      digits((1000 * job.images) / ms),
      `${digits(median(rival.ms) / ms)} ×`,
    ],
  ];
}

/** The contenders of training, as the table calls them, and the precision in which PyTorch is beside them. */
const TRAINED = [
  { name: 'saliencymix, webgpu', by: 'by WebGPU', precision: 'fp32' },
  { name: 'saliencymix, cuda, fp32', by: 'by CUDA', precision: 'fp32' },
  { name: 'saliencymix, cuda, TF32', by: 'by CUDA in TF32', precision: 'TF32' },
];

/** Beside the faster of PyTorch's layouts. */
function trainingRow({ label, rows }, { name, by, precision }) {
  const own = rows.find((row) => row.name === name);
  const rivals = rows
    .filter((row) => row.name.startsWith(`PyTorch, ${precision}`))
    .map((row) => median(row.ms));
  if (!own || rivals.length === 0) return [];
  const ms = median(own.ms);
  return [
    [
      `training ${by}: ${label}`,
      digits(ms),
      digits((1000 * own.images) / ms),
      `${digits(Math.min(...rivals) / ms)} ×`,
    ],
  ];
}

/** Head and rows of the table: a call, or a step of training, beside PyTorch on the same card. */
export function cardTable(results, training) {
  const jobs = Object.keys(SIZES).flatMap((size) => JOBS.flatMap((job) => jobRow(results, job, size)));
  return {
    head: ['', 'ms', 'images/s', 'as fast as PyTorch'],
    rows: [
      ...jobs,
      ...trainingRows(training).flatMap((job) => TRAINED.flatMap((one) => trainingRow(job, one))),
    ],
  };
}

export function cardLine({ environment: at, date }, [training]) {
  const { driver, torch } = at.versions;
  const made = (one) => `commit ${one.environment.commit}, ${one.date.slice(0, 10)}`;
  const line = [at.device, `driver ${driver}`, `torch ${torch}`, made({ environment: at, date })].join(', ');
  return training ? `${line}; training: ${made(training)}` : line;
}
