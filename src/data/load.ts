/** One batch: the files at some positions of a data set, read, decoded, augmented and packed. */
import { types } from 'node:util';
import { SaliencyMixError } from '../errors';
import { invalid } from '../check';
import { cropFlip } from '../native/crop-flip';
import { jpegVersion, loadJpegs } from '../native/images';
import type { ImageBatch, Slots } from '../types';
import { decode, type Decoded, type Size } from './codec';
import { abortable, createGate, type Gate } from './concurrency';
import { dataError, fileError, systemReason } from './fail';
import { hasUsualProfile, isJpeg } from './jpeg-profile';
import type { RawImage, Source } from './source';

const NO_FILE = new Uint8Array(0);

/** An image of the batch that could not be had. */
export interface Hole {
  /** Its place in the batch as it was cut. */
  slot: number;
  id: string;
  error: SaliencyMixError;
}

export interface LoadedBatch {
  /** The good images without gaps, uint8 NHWC with 3 channels; undefined where none is good. */
  images: ImageBatch | undefined;
  /** For each good image: class number, id, position in the ordered list of items, place in the batch as cut. */
  labels: Int32Array;
  ids: string[];
  positions: number[];
  slots: Slots;
  holes: Hole[];
}

export interface LoadOptions {
  /**
   * Where an image of another size is an error: the id of the image that `size` is of. Else images are
   * resized.
   */
  strictTo?: string;
  /** How the image in each slot is shifted and mirrored; see drawBatch. */
  draws?: Int32Array;
  /** Bounds what runs at once over several batches; a batch alone bounds itself. */
  gate?: Gate;
  signal?: AbortSignal;
}

/**
 * Loads the items at `positions`, several at once; `size` is [height, width]. A file that cannot be read or
 * decoded leaves a hole and shifts nothing: the others come in order with their `slots`. Rejects with the
 * signal's reason when aborted, with DATA for an image of another size where that is an error, and with
 * ARGUMENT if the batch is too large.
 */
export async function loadBatch(
  dataset: { readonly source: Source },
  positions: ArrayLike<number>,
  size: Size,
  options: LoadOptions = {},
): Promise<LoadedBatch> {
  const { signal, draws } = options;
  const { source } = dataset;
  signal?.throwIfAborted();
  const data = allocate(positions.length, size);
  const whole = await abortable(loadAtOnce(data, source, positions, size), signal);
  const outcomes = whole ? [] : await abortable(loadEach(data, source, positions, size, options), signal);
  const shown = draws ? await cropAndFlip(data, positions.length, size, draws, signal) : data;
  return pack(shown, size, positions, source, outcomes);
}

/**
 * Fills all slots in one call, where the source can do that and has that size. False where it cannot, and where it
 * failed: loading the images one by one then finds out which of them are bad.
 */
async function loadAtOnce(
  data: Uint8Array,
  { bulk }: Source,
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

/** What reading an item gave: its bytes or pixels, or why there are none. */
type Input = Uint8Array | RawImage | SaliencyMixError;

/** Reads all files, decodes the JPEGs among them in one native call, and the rest one by one, several at once. Gives the holes by slot. */
async function loadEach(
  data: Uint8Array,
  source: Source,
  positions: ArrayLike<number>,
  size: Size,
  options: LoadOptions,
): Promise<(Hole | undefined)[]> {
  const { signal, gate = createGate(), strictTo } = options;
  const [height, width] = size;
  const stride = height * width * 3;
  const read = Array.from({ length: positions.length }, (_, slot) =>
    gate(() => readItem(source, positions[slot], signal)),
  );
  const inputs = await Promise.all(read);
  const filled = await decodeJpegs(inputs, data, size, strictTo === undefined, signal);
  const outcomes: (Hole | undefined)[] = Array.from({ length: positions.length });
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

async function readItem(source: Source, position: number, signal: AbortSignal | undefined): Promise<Input> {
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

/** Fills one slot. Gives a hole if the file is bad. */
async function loadInto(
  out: Uint8Array,
  input: Input,
  id: string,
  slot: number,
  size: Size,
  { strictTo }: LoadOptions,
): Promise<Hole | undefined> {
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

/** The images as drawn, in memory of their own. What stands in the slots of holes is treated like an image; pack drops it. */
async function cropAndFlip(
  data: Uint8Array,
  count: number,
  size: Size,
  draws: Int32Array,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const shown = allocate(count, size);
  await cropFlip({ data, shape: [count, ...size, 3] }, draws, shown, { signal });
  return shown;
}

/**
 * Closes the gaps that holes leave in `data`, and gathers what belongs to the good images. In plain loops: a batch of
 * small raw images is read in less time than a closure or two for each of them takes.
 */
function pack(
  data: Uint8Array,
  [height, width]: Size,
  positions: ArrayLike<number>,
  { items }: Source,
  outcomes: readonly (Hole | undefined)[],
): LoadedBatch {
  const stride = height * width * 3;
  const of: number[] = [];
  const ids: string[] = [];
  const good: number[] = [];
  const holes: Hole[] = [];
  const labels = new Int32Array(positions.length);
  for (let slot = 0; slot < positions.length; slot++) {
    const hole = outcomes[slot];
    if (hole) {
      holes.push(hole);
      continue;
    }
    const count = of.length;
    if (slot !== count) data.copyWithin(count * stride, slot * stride, (slot + 1) * stride);
    const item = items[positions[slot]];
    labels[count] = item.label;
    of.push(slot);
    ids.push(item.id);
    good.push(positions[slot]);
  }
  const count = of.length;
  return {
    images:
      count > 0 ? { data: data.subarray(0, count * stride), shape: [count, height, width, 3] } : undefined,
    labels: labels.slice(0, count),
    ids,
    positions: good,
    slots: { of, count: positions.length },
    holes,
  };
}

/** Memory for so many images, not cleared: every slot that is shown is written, and clearing takes as long as filling. */
function allocate(count: number, size: Size): Uint8Array {
  const bytes = count * size[0] * size[1] * 3;
  try {
    // Only this constructor leaves memory as it is; the buffer belongs to the batch alone.
    const memory = Buffer.allocUnsafeSlow(bytes);
    return new Uint8Array(memory.buffer, memory.byteOffset, bytes);
  } catch {
    throw invalid('size', `a size at which ${count} images fit in memory (or a smaller batch)`, size);
  }
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
