/** Fills the slots of a batch: items are read, and decoded into memory side by side. */
import { types } from 'node:util';
import { SaliencyMixError } from '../errors';
import { jpegVersion, loadJpegs } from '../native/images';
import { decode, type Decoded, type Size } from './codec';
import { createGate, type Gate } from './concurrency';
import { dataError, fileError, systemReason } from './fail';
import { hasUsualProfile, isJpeg } from './jpeg-profile';
import type { DatasetSource, RawImage } from './source';

const NO_FILE = new Uint8Array(0);

/** An image of the batch that could not be had. */
export interface FailedItem {
  /** Its place in the batch as it was cut. */
  slot: number;
  id: string;
  error: SaliencyMixError;
}

export interface FillOptions {
  /**
   * Where an image of another size is an error: the id of the image that `size` is of. Else images are
   * resized.
   */
  strictTo?: string;
  /** Bounds what runs at once over several batches; a batch alone bounds itself. */
  gate?: Gate;
  signal?: AbortSignal;
}

/**
 * Fills all slots in one call, where the source can do that and has that size. False where it cannot, and where it
 * failed: loading the images one by one then finds out which of them are bad.
 */
export async function fillAtOnce(
  data: Uint8Array,
  { bulk }: DatasetSource,
  positions: ArrayLike<number>,
  size: Size,
): Promise<boolean> {
  if (!bulk || bulk.height !== size[0] || bulk.width !== size[1]) return false;
  try {
    await bulk.read(positions, data);
  } catch {
    return false;
  }
  return true;
}

/** What reading an item gave: the bytes of a file, pixels, or why there are none. */
type Input = Uint8Array | RawImage | SaliencyMixError;

/**
 * Reads all files, decodes the JPEGs among them in one native call, and the rest one by one, several at once. Gives the
 * items that failed, by slot.
 */
export async function fillEach(
  data: Uint8Array,
  source: DatasetSource,
  positions: ArrayLike<number>,
  size: Size,
  options: FillOptions,
): Promise<(FailedItem | undefined)[]> {
  const { signal, gate = createGate(), strictTo } = options;
  const [height, width] = size;
  const stride = height * width * 3;
  const read = Array.from({ length: positions.length }, (_, slot) =>
    gate(() => readItem(source, positions[slot], signal)),
  );
  const inputs = await Promise.all(read);
  const filled = await decodeJpegs(inputs, data, size, strictTo === undefined, signal);
  const outcomes: (FailedItem | undefined)[] = Array.from({ length: positions.length });
  const rest: Promise<void>[] = [];
  let failed = false; // set by the first error that is not one file's: the rest need not start
  for (let slot = 0; slot < positions.length; slot++) {
    if (filled[slot]) continue;
    const out = data.subarray(slot * stride, (slot + 1) * stride);
    const load = async () => {
      if (failed || signal?.aborted) return;
      outcomes[slot] = await loadInto(
        out,
        inputs[slot],
        source.items[positions[slot]].id,
        slot,
        size,
        options,
      );
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

async function readItem(
  source: DatasetSource,
  position: number,
  signal: AbortSignal | undefined,
): Promise<Input> {
  const { id } = source.items[position];
  if (signal?.aborted) return fileError(id, 'was not read');
  return source.read(position).catch((error: unknown) => fileErrorOf(error, id));
}

/** Which of the slots are filled; see loadJpegs. */
async function decodeJpegs(
  inputs: readonly Input[],
  images: Uint8Array,
  size: Size,
  resize: boolean,
  signal: AbortSignal | undefined,
): Promise<boolean[]> {
  const files = inputs.map((input) => (types.isUint8Array(input) && isJpeg(input) ? input : NO_FILE));
  if (jpegVersion() === '' || files.every((file) => file === NO_FILE)) return [];
  const plain = Uint8Array.from(files, (file) => (hasUsualProfile(file) ? 1 : 0));
  return loadJpegs({ files, plain, resize, size }, images, signal);
}

/** Fills one slot, or gives what is wrong with its file. */
async function loadInto(
  out: Uint8Array,
  input: Input,
  id: string,
  slot: number,
  size: Size,
  { strictTo }: FillOptions,
): Promise<FailedItem | undefined> {
  if (input instanceof SaliencyMixError) return { slot, id, error: input };
  let image: Decoded;
  try {
    image = await decode(input, strictTo === undefined ? size : undefined, id);
  } catch (error) {
    return { slot, id, error: fileErrorOf(error, id) };
  }
  if (image.height !== size[0] || image.width !== size[1]) throw otherSize(id, image, strictTo, size);
  out.set(image.pixels);
  return undefined;
}

/** A source outside this package may fail with errors of its own. */
function fileErrorOf(error: unknown, id: string): SaliencyMixError {
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
