/** How often the most salient pixel lies on the object. For data sets with object masks, such as the demo. */
import type { Dataset } from '../data/dataset';
import { loadBatch } from '../data/load';
import type { ObjectMasks } from '../data/masks';
import { saliency } from '../saliency/index';
import { type NativeMethod, nativeMethods } from '../saliency/methods';

export interface HitRate {
  images: number;
  /** Share of all pixels that show an object: how often a random pixel lies on one. */
  chance: number;
  /** For each method, the share of the images whose peak lies on the object. */
  methods: Record<NativeMethod, number>;
}

const BATCH = 64;

/** The hit rate over all images, whose size is `size`; undefined where the data set has no masks. */
export async function hitRate(
  dataset: Dataset,
  size: readonly [number, number],
): Promise<HitRate | undefined> {
  const { source } = dataset;
  if (!source.mask) return undefined;
  const methods = Object.fromEntries(nativeMethods.map((method) => [method, 0])) as HitRate['methods'];
  let covered = 0;
  for (let start = 0; start < dataset.length; start += BATCH) {
    const count = Math.min(BATCH, dataset.length - start);
    const positions = Array.from({ length: count }, (_, i) => start + i);
    const loaded = await loadBatch(dataset, positions, size, { masks: true });
    const { images } = loaded;
    if (!images) continue;
    const pixels = size[0] * size[1];
    const { data } = loaded.masks as ObjectMasks;
    const masks = loaded.positions.map((_, i) => data.subarray(i * pixels, (i + 1) * pixels));
    covered += masks.reduce((sum, mask) => sum + mask.reduce((n, v) => n + v, 0) / mask.length, 0);
    for (const method of nativeMethods) {
      const { peaks } = await saliency(images, { method });
      masks.forEach((mask, i) => {
        methods[method] += mask[peaks[2 * i] * size[1] + peaks[2 * i + 1]];
      });
    }
  }
  for (const method of nativeMethods) methods[method] /= dataset.length;
  return { images: dataset.length, chance: covered / dataset.length, methods };
}
