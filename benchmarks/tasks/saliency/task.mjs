// Saliency of a batch: maps, peaks and lows of every image, uint8 RGB in, float32 out.
import { readArray } from '../../lib/batches.mjs';
import { checkClose, checkEqual, checkPoints } from '../../lib/compare.mjs';
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

/** Share of the images whose peak may be another one: maps that differ in the last place may. */
const OTHER_PEAKS = {
  own: { 'fine-grained': 0, 'spectral-residual': 0.02, 'frequency-tuned': 0.02 },
  rival: { 'fine-grained': 0.01, 'spectral-residual': 0.02, 'frequency-tuned': 0.05 },
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

export function check({ method }, result, reference) {
  if (result === reference) return undefined;
  const kind = result.contender.own ? 'own' : 'rival';
  const [maps, peaks] = ['maps', 'peaks'].map((name) => readArray(result.arrays[name]));
  const wanted = ['maps', 'peaks'].map((name) => readArray(reference.arrays[name]));
  checkEqual(maps.shape, wanted[0].shape, 'shape of the maps');
  const { worst } = checkClose(maps.data, wanted[0].data, TOLERANCES[kind][method], 'maps');
  const other = checkPoints(peaks.data, wanted[1].data, OTHER_PEAKS[kind][method], 'peaks');
  if (worst === 0 && other === 0) return undefined;
  return `largest difference ${worst.toPrecision(2)}, ${other} of ${peaks.shape[0]} peaks differ`;
}
