/** Fills the slots of a batch: reads files and decodes them into one array, several at once. */
import { types } from 'node:util';
import { SaliencyMixError } from '../errors';
import { type Framing, frameImages, type JpegFiles, jpegVersion, loadJpegs } from '../native/images';
import { freshMemory } from '../native/memory';
import type { Signal } from '../types';
import { decode, type Decoded, framed, type Size } from './codec';
import { createGate, type Gate } from './concurrency';
import { dataError, fileError, systemReason } from './fail';
import { hasUsualProfile, isJpeg } from './jpeg-profile';
import { DEFAULT_LIMITS, type Limits } from './limits';
import { cropOfSlot } from './resized-crop';
import type { BulkReader, DatasetSource, RawImage } from './source';

const NO_FILE = new Uint8Array(0);

/** An image of the batch that could not be loaded. */
export interface FailedItem {
  /** Its slot in the batch. */
  slot: number;
  id: string;
  error: SaliencyMixError;
}

export interface FillOptions {
  /**
   * Given where an image of another size is an error: the id of the image that `size` was taken from. Else
   * images are resized.
   */
  strictTo?: string;
  /**
   * Limits how many images are loaded at once, over several batches. Unless given, each batch has a limit of
   * its own.
   */
  gate?: Gate;
  /** Which part of the images is shown, with the draws of all slots. */
  framing?: Framing;
  /** Bytes of files that are read before any is decoded; the others are read one by one when it is their turn. */
  heldBytes?: number;
  signal?: Signal;
}

/** More than a batch of photographs has. */
const HELD_BYTES = 256 << 20;

/**
 * Fills all slots in one call, if the data set can do that and its images have this size, or are framed. False if not, or if
 * the call failed: fillEach then finds out which images are bad.
 */
export async function fillAtOnce(
  data: Uint8Array,
  { bulk }: DatasetSource,
  positions: ArrayLike<number>,
  size: Size,
  { framing, strictTo, signal }: FillOptions = {},
): Promise<boolean> {
  if (!bulk) return false;
  const isSize = bulk.height === size[0] && bulk.width === size[1];
  if (!isSize && (!framing || strictTo !== undefined)) return false;
  try {
    if (!framing) await bulk.read(positions, data);
    else await readFramed(data, bulk, positions, size, framing, signal);
  } catch {
    return false;
  }
  return true;
}

/** Reads images and frames them. */
async function readFramed(
  data: Uint8Array,
  bulk: BulkReader,
  positions: ArrayLike<number>,
  size: Size,
  framing: Framing,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { height, width } = bulk;
  const count = positions.length;
  const pixels = new Uint8Array(freshMemory(count * height * width * 3));
  await bulk.read(positions, pixels);
  await frameImages({ pixels, count, height, width }, size, framing, data, signal);
}

/** What reading an item gave: the bytes of a file, pixels, or why there are none; nothing where it is read later. */
type Input = Uint8Array | RawImage | SaliencyMixError | undefined;

/**
 * Reads all files, decodes the JPEGs among them in one native call, and all others one by one, several at once.
 * Gives for each slot the item that failed, or undefined.
 */
export async function fillEach(
  data: Uint8Array,
  source: DatasetSource,
  positions: ArrayLike<number>,
  size: Size,
  options: FillOptions,
): Promise<(FailedItem | undefined)[]> {
  const { signal, gate = createGate(), strictTo, framing, heldBytes = HELD_BYTES } = options;
  const [height, width] = size;
  const stride = height * width * 3;
  const read = (slot: number) => readItem(source, positions[slot], signal);
  let held = 0;
  const readFirst = async (slot: number): Promise<Input> => {
    if (held >= heldBytes) return undefined;
    const input = await read(slot);
    held += bytesOf(input);
    return input;
  };
  const inputs = await Promise.all(
    Array.from({ length: positions.length }, (_, slot) => gate(() => readFirst(slot))),
  );
  const { maxPixels } = source.limits ?? DEFAULT_LIMITS;
  const resize = strictTo === undefined;
  const filled = await decodeJpegs(inputs, data, { size, resize, framing, maxPixels }, signal);
  const outcomes: (FailedItem | undefined)[] = Array.from({ length: positions.length });
  const rest: Promise<void>[] = [];
  let failed = false; // set by an error that concerns more than one file: no further image is begun
  for (let slot = 0; slot < positions.length; slot++) {
    if (filled[slot]) continue;
    const out = data.subarray(slot * stride, (slot + 1) * stride);
    const load = async () => {
      if (failed || signal?.aborted) return;
      const input = inputs[slot] ?? (await read(slot));
      inputs[slot] = undefined; // so that its memory can be freed
      const { id } = source.items[positions[slot]];
      outcomes[slot] = await loadInto(out, input, id, slot, size, options, source.limits);
    };
    const watched = gate(load).catch((error: unknown) => {
      failed = true;
      throw error;
    });
    rest.push(watched);
  }
  await Promise.all(rest);
  return outcomes;
}

function bytesOf(input: Uint8Array | RawImage | SaliencyMixError): number {
  if (input instanceof SaliencyMixError) return 0;
  return types.isUint8Array(input) ? input.length : input.pixels.length;
}

async function readItem(
  source: DatasetSource,
  position: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | RawImage | SaliencyMixError> {
  const { id } = source.items[position];
  if (signal?.aborted) return fileError(id, 'was not read');
  return source.read(position).catch((error: unknown) => fileErrorOf(error, id));
}

/** Decodes the JPEGs among the inputs; gives for each slot whether it is filled. Empty where there are none. */
async function decodeJpegs(
  inputs: readonly Input[],
  images: Uint8Array,
  how: Pick<JpegFiles, 'size' | 'resize' | 'framing' | 'maxPixels'>,
  signal: AbortSignal | undefined,
): Promise<boolean[]> {
  const files = inputs.map((input) => (types.isUint8Array(input) && isJpeg(input) ? input : NO_FILE));
  if (jpegVersion() === '' || files.every((file) => file === NO_FILE)) return [];
  const plain = Uint8Array.from(files, (file) => (hasUsualProfile(file) ? 1 : 0));
  return loadJpegs({ files, plain, ...how }, images, signal);
}

/** Fills one slot, or gives what is wrong with its file. */
async function loadInto(
  out: Uint8Array,
  input: Uint8Array | RawImage | SaliencyMixError,
  id: string,
  slot: number,
  size: Size,
  { strictTo, framing }: FillOptions,
  limits: Limits | undefined,
): Promise<FailedItem | undefined> {
  if (input instanceof SaliencyMixError) return { slot, id, error: input };
  const own = framing && framingOfSlot(framing, slot);
  let image: Decoded;
  try {
    image = await decode(input, strictTo === undefined ? size : undefined, id, limits, own);
  } catch (error) {
    return { slot, id, error: fileErrorOf(error, id) };
  }
  if (image.height !== size[0] || image.width !== size[1]) throw otherSize(id, image, strictTo, size);
  const shown = strictTo === undefined ? image : await framed(image, size, own);
  out.set(shown.pixels);
  return undefined;
}

/** Of the framing of a batch that of one slot. */
export const framingOfSlot = ({ shorter, crops }: Framing, slot: number): Framing => ({
  shorter,
  crops: crops && cropOfSlot(crops, slot),
});

/**
 * The error of one file. A data set from outside this package may throw errors of other classes.
 * @throws where no file can be read, for want of a library
 */
function fileErrorOf(error: unknown, id: string): SaliencyMixError {
  if (error instanceof SaliencyMixError && error.code === 'ADDON') throw error;
  return error instanceof SaliencyMixError
    ? error
    : fileError(id, `cannot be read: ${systemReason(error)}`, error);
}

function otherSize(id: string, image: Decoded, of: string | undefined, size: Size): SaliencyMixError {
  const kept = `${size[0]} × ${size[1]}${of === undefined ? '' : ` as "${of}" has`}`;
  return dataError(
    id,
    `is ${image.height} × ${image.width} pixels (height × width), where "keep" needs ${kept}; give a size, e.g. size: 224`,
  );
}
