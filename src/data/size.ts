/** The size that the images of a data set are resized to. */
import { integer, invalid } from '../check';
import { reasonOf, SaliencyMixError } from '../errors';
import { custom, whole } from '../option';
import { probeSize, type Size } from './codec';
import { createGate } from './concurrency';
import type { DatasetSource, RawImage } from './source';

/** One side of a square, both sides, `'keep'` (all images must have one size), or `'auto'`. */
export type SizeOption = number | readonly [height: number, width: number] | 'keep' | 'auto';

export interface ResolvedSize {
  size: Size;
  /** Whether an image of another size is an error; else it is resized. */
  strict: boolean;
  /** Id of the image that a strict size was taken from. */
  from?: string;
}

/** The size for images that differ in size: the one that most networks for photographs take. */
const USUAL: Size = [224, 224];

/** How many images 'auto' looks at. */
const PROBES = 64;

export const LARGEST_SIDE = 1 << 14;

/** @throws SaliencyMixError ARGUMENT for anything that is no size option */
export function checkSize(value: unknown): SizeOption {
  if (value === 'keep' || value === 'auto') return value;
  if (Array.isArray(value) && value.length === 2) {
    return [integer(value[0], 'size[0]', 1, LARGEST_SIDE), integer(value[1], 'size[1]', 1, LARGEST_SIDE)];
  }
  if (typeof value === 'number') return integer(value, 'size', 1, LARGEST_SIDE);
  throw invalid('size', 'a number of pixels, [height, width], "keep" or "auto"', value);
}

export const sizeOption = (about?: string) => custom<SizeOption>(checkSize, { kind: 'size', about });

/** The length that the shorter side of an image is resized to before its centre is cropped. */
export const testResizeOption = (about?: string) => whole(1, { max: LARGEST_SIDE, about });

/** @throws SaliencyMixError ARGUMENT where images of that length do not cover the size */
export function checkResize(resize: number | undefined, size: Size, argument: string): void {
  const least = Math.max(...size);
  if (resize !== undefined && resize < least)
    throw invalid(argument, `at least ${least}, the longer side of size`, resize);
}

/**
 * The size to decode to. `'keep'`: the size of the first image that can be read, and strict. `'auto'`: up to 64
 * images, evenly spaced over the ordered items, are read; their size if all that can be read have the same,
 * else 224 × 224.
 * @throws (rejects) SaliencyMixError DATA where 'keep' finds no image that can be read
 */
export async function resolveSize(
  dataset: { readonly source: DatasetSource },
  size: SizeOption = 'auto',
): Promise<ResolvedSize> {
  if (size === 'keep') return firstSize(dataset.source);
  if (size === 'auto') return { size: await commonSize(dataset.source), strict: false };
  return { size: typeof size === 'number' ? [size, size] : size, strict: false };
}

async function firstSize(source: DatasetSource): Promise<ResolvedSize> {
  let failure: unknown;
  for (const [index, { id }] of source.items.entries()) {
    try {
      return { size: await probe(source, index), strict: true, from: id };
    } catch (error) {
      failure ??= error;
    }
  }
  const count = source.items.length;
  throw new SaliencyMixError(
    'DATA',
    `None of the ${count} images can be read; the first: ${reasonOf(failure)}`,
    {
      cause: failure,
    },
  );
}

async function commonSize(source: DatasetSource): Promise<Size> {
  const sizes = await sampleSizes(source);
  const [first] = sizes;
  const agree = first && sizes.every(([height, width]) => height === first[0] && width === first[1]);
  return agree ? first : USUAL;
}

/** The sizes of up to 64 images, see `sampled`. */
const sampleSizes = (source: DatasetSource): Promise<Size[]> =>
  sampled(source, (image, id) => probeSize(image, id, source.limits));

/** What there is to see of up to 64 images, evenly spaced over the ordered items; those that cannot be read are left out, and told. */
export async function sampled<T>(
  source: DatasetSource,
  look: (image: Uint8Array | RawImage, id: string) => Promise<T>,
  onUnread: (id: string, error: unknown) => void = () => undefined,
): Promise<T[]> {
  const count = Math.min(PROBES, source.items.length);
  const gate = createGate();
  const ids: string[] = [];
  const looks = Array.from({ length: count }, (_, i) => {
    const index = Math.floor((i * source.items.length) / count);
    const { id } = source.items[index];
    ids.push(id);
    return gate(async () => look(await source.read(index), id));
  });
  const seen: T[] = [];
  for (const [i, outcome] of (await Promise.allSettled(looks)).entries()) {
    if (outcome.status === 'fulfilled') seen.push(outcome.value);
    else onUnread(ids[i], outcome.reason);
  }
  return seen;
}

async function probe(source: DatasetSource, index: number): Promise<Size> {
  return probeSize(await source.read(index), source.items[index].id, source.limits);
}
