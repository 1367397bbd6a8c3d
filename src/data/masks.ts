/** Masks of objects: read with the images of a batch, and brought to their size, shifted and mirrored as they are. */
import { SaliencyMixError } from '../errors';
import type { Framing } from '../native/images';
import type { ImageBatch, Signal } from '../types';
import { type AugmentationDraws, augmentHere, ofMasks } from './augmentation';
import { framed, type Size } from './codec';
import { createGate, type Gate } from './concurrency';
import { dataError, fileError, systemReason } from './fail';
import { type FailedItem, framingOfSlot } from './fill';
import type { DatasetSource, Mask } from './source';

/** Of each image of a batch: 1 where a pixel shows its object, else 0. A MaskBatch. */
export interface ObjectMasks {
  data: Uint8Array;
  shape: readonly [count: number, height: number, width: number];
}

/** @throws SaliencyMixError DATA where a data set has no masks */
export function requireMasks({ path, source }: { path?: string; source: DatasetSource }): void {
  if (source.mask) return;
  throw dataError(
    path ?? source.format,
    'has no masks of objects, which labelRule "mask" needs: a folder masks/ beside the images, with a PNG of each image’s name, 0 where there is no object',
  );
}

/** The pixels of a mask (0 or 1) at the size of the batch; the pixels that count are those of which at least half is covered. */
async function atSize(mask: Mask, [height, width]: Size, framing: Framing | undefined): Promise<Uint8Array> {
  if (!framing && mask.height === height && mask.width === width) return mask.pixels;
  const pixels = new Uint8Array(3 * mask.pixels.length);
  mask.pixels.forEach((value, i) => pixels.fill(255 * value, 3 * i, 3 * i + 3));
  const shown = await framed({ ...mask, pixels }, [height, width], framing);
  return Uint8Array.from({ length: height * width }, (_, i) => (shown.pixels[3 * i] > 127 ? 1 : 0));
}

/**
 * The masks of the items at `positions`, slot by slot, framed as their images are. Of an image whose mask is not known every pixel counts. One that cannot be
 * read is noted in `outcomes`: its image is then left out.
 */
export async function fillMasks(
  source: DatasetSource,
  positions: ArrayLike<number>,
  size: Size,
  outcomes: (FailedItem | undefined)[],
  { framing, gate = createGate() }: { framing?: Framing; gate?: Gate } = {},
): Promise<Uint8Array> {
  const stride = size[0] * size[1];
  const masks = new Uint8Array(positions.length * stride);
  const fill = async (slot: number) => {
    if (outcomes[slot]) return;
    const { id } = source.items[positions[slot]];
    try {
      const mask = await source.mask?.(positions[slot]);
      const own = masks.subarray(slot * stride, (slot + 1) * stride);
      if (mask === undefined) own.fill(1);
      else own.set(await atSize(mask, size, framing && framingOfSlot(framing, slot)));
    } catch (error) {
      const known = error instanceof SaliencyMixError && error.code === 'FILE';
      const failed = known
        ? error
        : fileError(id, `has no mask that can be read: ${systemReason(error)}`, error);
      outcomes[slot] = { slot, id, error: failed };
    }
  };
  await Promise.all(Array.from({ length: positions.length }, (_, slot) => gate(() => fill(slot))));
  return masks;
}

/** Masks as images are shown: moved, shifted and mirrored as drawn, without those of empty slots. What is left open shows no object. */
export async function masksShown(
  masks: Uint8Array,
  { of, count }: { of: readonly number[]; count: number },
  [height, width]: Size,
  draws?: AugmentationDraws,
  signal?: Signal,
): Promise<ObjectMasks> {
  const stride = height * width;
  const batch: ImageBatch = { data: masks, shape: [count, height, width, 1] };
  const allocate = () => new Uint8Array(masks.length);
  const shown = draws ? await augmentHere(batch, ofMasks(draws), allocate, signal) : masks;
  of.forEach((slot, i) => {
    if (slot !== i) shown.copyWithin(i * stride, slot * stride, (slot + 1) * stride);
  });
  return { data: shown.subarray(0, of.length * stride), shape: [of.length, height, width] };
}
