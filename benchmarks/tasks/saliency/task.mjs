// Saliency of a batch: maps, peaks and lows of every image, uint8 RGB in, float32 out.
import { readArray } from '../../lib/batches.mjs';
import { checkClose, checkEqual } from '../../lib/compare.mjs';
import { sizesOf } from '../../lib/sizes.mjs';

export const title = 'Saliency';
export const about =
  'Maps, peaks and lows of a batch. OpenCV works image by image on images that already lie in its own channel order; its ' +
  'frequency tuned is built of its operations, as it has none. GB/s count every pixel read once (3 bytes) and every map ' +
  'written once (4 bytes).';

const METHODS = ['fine-grained', 'spectral-residual', 'frequency-tuned'];

/**
 * How far from the scalar reference a map may be. Own levels: fine-grained is exact by contract. OpenCV's fine-grained
 * rounds sums that the reference takes as integers, which moves a pixel in a million by one grey level; its spectral
 * residual takes phases from a polynomial; its Lab has another white and matrix.
 */
const TOLERANCES = {
  own: {
    'fine-grained': { tolerance: 0 },
    'spectral-residual': { tolerance: 3e-4, rare: 1e-3 },
    'frequency-tuned': { tolerance: 1e-3 },
  },
  rival: {
    'fine-grained': { tolerance: 1e-6, rare: 1e-4 },
    'spectral-residual': { tolerance: 3e-4, rare: 1e-3 },
    'frequency-tuned': { tolerance: 0.5 },
  },
};

export function jobs({ quick, inputs }) {
  return METHODS.flatMap((method) =>
    sizesOf(quick).map((size) => ({
      id: `${method} ${size.side}`,
      label: `${method}, batches of ${size.count} × ${size.side}²`,
      method,
      input: inputs(size),
      batch: size,
      images: size.count,
      bytes: size.count * size.side ** 2 * (3 + 4),
      rivals: ['OpenCV', 'scalar reference'],
    })),
  );
}

/** How much less salient than the reference's peak another one may be, by the reference's map. 0: it must be the same. */
const PEAK_SLACK = {
  own: { 'fine-grained': 0, 'spectral-residual': 6e-4, 'frequency-tuned': 2e-3 },
  rival: { 'fine-grained': 1 / 255, 'spectral-residual': 6e-4, 'frequency-tuned': 1 },
};

/** Gives how many peaks are at another place. */
function checkPeaks(peaks, wantedPeaks, { data, shape: [count, height, width] }, slack) {
  let other = 0;
  for (let i = 0; i < count; i++) {
    const [at, wantedAt] = [peaks, wantedPeaks].map(
      ({ data: points }) => (i * height + points[2 * i]) * width + points[2 * i + 1],
    );
    if (at === wantedAt) continue;
    other++;
    const missing = data[wantedAt] - data[at];
    if (slack === 0 || missing > slack) throw new Error(`peak of image ${i}: less salient by ${missing}`);
  }
  return other;
}

export function check({ method }, result, reference) {
  if (result === reference) return undefined;
  const kind = result.contender.own ? 'own' : 'rival';
  const [maps, peaks] = ['maps', 'peaks'].map((name) => readArray(result.arrays[name]));
  const wanted = ['maps', 'peaks'].map((name) => readArray(reference.arrays[name]));
  checkEqual(maps.shape, wanted[0].shape, 'shape of the maps');
  const { worst, share } = checkClose(maps.data, wanted[0].data, TOLERANCES[kind][method], 'maps');
  const other = checkPeaks(peaks, wanted[1], wanted[0], PEAK_SLACK[kind][method]);
  if (worst === 0 && other === 0) return undefined;
  const { tolerance } = TOLERANCES[kind][method];
  const beyond =
    share > 0 ? ` (${Number((100 * share).toPrecision(2))} % of the values beyond ${tolerance})` : '';
  return `largest difference ${worst.toPrecision(2)}${beyond}, ${other} of ${peaks.shape[0]} peaks differ`;
}
