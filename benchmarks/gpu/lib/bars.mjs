// What the backend promises of a card of the H100's kind, and how a run's figure for it comes about.
import { pairedRatio, summary } from '../../lib/statistics.mjs';

export const median = (values) => summary(values).median;

/** GB/s of what a line moves. */
export const gigabytes = (bytes, ms) => bytes / ms / 1e6;

/** The bound: the faster of the ways to copy memory on the card, over far more than its cache. */
export function copyBandwidth({ lines }) {
  const copies = lines.filter(({ kind, way }) => kind === 'copy' && way === 'device');
  return Math.max(0, ...copies.map(({ bytes, ms }) => gigabytes(bytes, median(ms))));
}

export const jobOf = ({ lines }, id) => lines.find((line) => line.kind === 'job' && line.id === id);
export const stagesOf = ({ lines }, id) => lines.filter((line) => line.kind === 'stage' && line.job === id);

/** The stage that takes the job's most time. */
function mainStage(results, id) {
  return stagesOf(results, id).toSorted((a, b) => median(b.ms) - median(a.ms))[0];
}

export const shareOf = (results, { read, written, ms }) =>
  gigabytes(read + written, median(ms)) / copyBandwidth(results);

const ofCopy = (job) => (results) => {
  const stage = results.lines.find(
    (line) => line.kind === 'stage' && line.job === job && line.name.startsWith('Mix'),
  );
  const found = stage ?? mainStage(results, job);
  return found && shareOf(results, found);
};
const deviceTime = (job) => (results) => jobOf(results, job) && median(jobOf(results, job).deviceMs);
const callTime = (job) => (results) => jobOf(results, job) && median(jobOf(results, job).wallMs);
/** Within each round, then the median: the mix's time over that of the copies. */
const overCopies = (job) => (results) => {
  const line = jobOf(results, job);
  return line && pairedRatio(line.copiesMs, line.wallMs).median;
};

const least = (what, bar, figure) => ({ what, bar, figure, unit: 'share', reached: (value) => value >= bar });
const most = (what, bar, unit, figure) => ({ what, bar, figure, unit, reached: (value) => value <= bar });

export const BARS = [
  least('paste, uint8 to uint8, 256 × 224²: of a copy', 0.7, ofCopy('paste uint8 NHWC large')),
  least('paste, uint8 to float16 NCHW, 256 × 224²: of a copy', 0.7, ofCopy('paste float16 NCHW large')),
  most('fine-grained with peaks, 256 × 224²', 0.5, 'ms', deviceTime('fine-grained large')),
  most('fine-grained with peaks, 4096 × 32²', 0.2, 'ms', deviceTime('fine-grained small')),
  most('spectral residual, 256 × 224²', 0.3, 'ms', deviceTime('spectral-residual large')),
  most('frequency tuned, 256 × 224²', 0.2, 'ms', deviceTime('frequency-tuned large')),
  most('whole mix on the device, a call, 256 × 224²', 0.8, 'ms', callTime('mix uint8 NHWC large')),
  most(
    'whole mix from and to host memory, over its copies',
    1.15,
    '×',
    overCopies('mix uint8 NHWC large host'),
  ),
];

/** Each bar with the run's figure; undefined where the run has none. */
export function judge(results) {
  return BARS.map((bar) => {
    const value = bar.figure(results);
    return { ...bar, value, met: value === undefined ? undefined : bar.reached(value) };
  });
}
