/**
 * The safetensors format (github.com/huggingface/safetensors): the length of the header as uint64, a JSON
 * header with dtype, shape and place of each tensor, then the bytes of the tensors one after another, little
 * endian. Float32 is written; float16 and bfloat16 are read, too, as float32.
 */
import { type FileHandle, open, rename } from 'node:fs/promises';
import { reasonOf, SaliencyMixError, systemCode } from '../errors';
import { sizeOf } from '../graph/graph';
import { fromBfloat16, fromFloat16 } from '../half';
import { PARTIAL, writing } from '../run/files';

export interface Tensor {
  data: Float32Array;
  shape: number[];
}

export interface TensorFile {
  tensors: Map<string, Tensor>;
  /** Texts that the file has besides tensors. */
  metadata: Record<string, string>;
}

/** What is read from a file. */
export interface ReadTensors extends TensorFile {
  /** Type of number of each tensor in the file, of those that were passed over, too. */
  dtypes: Map<string, string>;
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

const METADATA = '__metadata__';
const LENGTH = 8;
/** Largest length of a header, as in the reference implementation. */
const LARGEST_HEADER = 100_000_000;

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);

type Reader = (bytes: Uint8Array<ArrayBuffer>) => Float32Array;
const halves = (bytes: Uint8Array<ArrayBuffer>) => new Uint16Array(bytes.buffer);

/** Types of number that are read: the bytes of one, and how it becomes float32. */
const DTYPES: ReadonlyMap<string, { size: number; read: Reader }> = new Map([
  ['F32', { size: 4, read: (bytes) => new Float32Array(bytes.buffer) }],
  ['F16', { size: 2, read: (bytes) => fromFloat16(halves(bytes)) }],
  ['BF16', { size: 2, read: (bytes) => fromBfloat16(halves(bytes)) }],
]);

/** The bytes of a file, in parts to be written one after another. */
function encodeTensors({ tensors, metadata }: TensorFile): Uint8Array[] {
  let at = 0;
  const header: Record<string, unknown> = { [METADATA]: metadata };
  for (const [name, { data, shape }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [at, (at += data.byteLength)] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(text.length / 8) * 8, ' ');
  text.copy(padded);
  const length = Buffer.alloc(LENGTH);
  length.writeBigUInt64LE(BigInt(padded.length));
  return [length, padded, ...[...tensors.values()].map(({ data }) => bytesOf(data))];
}

function fault(path: string, what: string, cause?: unknown): SaliencyMixError {
  return new SaliencyMixError('CHECKPOINT', `${path} ${what}`, { file: path, cause });
}

/** Largest number of bytes in one read; some systems refuse more than about 2 GiB. */
const LARGEST_READ = 1 << 30;

async function readInto(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const length = Math.min(bytes.length - at, LARGEST_READ);
    const { bytesRead } = await file.read(bytes, at, length, position + at);
    if (bytesRead === 0) throw new Error('it became shorter while it was read');
    at += bytesRead;
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

interface Header {
  entries: [name: string, entry: Entry][];
  metadata: Record<string, string>;
  /** Where the tensors' bytes begin in the file. */
  start: number;
}

async function readHeader(path: string, file: FileHandle, size: number): Promise<Header> {
  const prefix = Buffer.alloc(LENGTH);
  if (size >= LENGTH) await readInto(file, prefix, 0);
  const length = Number(prefix.readBigUInt64LE(0));
  if (length < 2 || length > LARGEST_HEADER || LENGTH + length > size)
    throw fault(path, 'is not a safetensors file, or is cut off');
  const text = Buffer.alloc(length);
  await readInto(file, text, LENGTH);
  let header: unknown;
  try {
    header = JSON.parse(text.toString('utf8'));
  } catch (error) {
    throw fault(path, 'is not a safetensors file: its header is not JSON', error);
  }
  const { [METADATA]: metadata = {}, ...entries } = isObject(header) ? header : { [METADATA]: null };
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === 'string'))
    throw fault(path, 'is not a safetensors file: its header has another form');
  return {
    entries: Object.entries(entries) as [string, Entry][],
    metadata: metadata as Record<string, string>,
    start: LENGTH + length,
  };
}

/** Whether an entry of a header is valid, and its place lies within the `room` bytes of tensors. */
function isPlaced(entry: unknown, room: number): entry is Entry {
  if (!isObject(entry)) return false;
  const { dtype, shape, data_offsets: offsets } = entry;
  const sides = Array.isArray(shape) && shape.every((side) => Number.isSafeInteger(side) && side >= 0);
  const [from, to] = Array.isArray(offsets) ? (offsets as unknown[]) : [];
  if (typeof dtype !== 'string' || !sides || !Number.isSafeInteger(from) || !Number.isSafeInteger(to))
    return false;
  const [first, end] = [from as number, to as number];
  const fits = first >= 0 && first <= end && end <= room;
  const { size } = DTYPES.get(dtype) ?? {};
  return fits && (size === undefined || end - first === size * sizeOf(shape as number[]));
}

const SHARED = 'is damaged: tensors share bytes, so that they are longer than the file';

/** Throws unless the tensors lie one after another and fill the `room`, as the format demands. */
function checkPlaces(path: string, entries: Header['entries'], room: number): void {
  const wrong = entries.find(([, entry]) => !isPlaced(entry, room));
  if (wrong) throw fault(path, `is damaged or cut off: ${wrong[0]} is not where its header says`);
  let at = 0;
  const inOrder = entries.toSorted(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  for (const [
    name,
    {
      data_offsets: [from, to],
    },
  ] of inOrder) {
    if (from !== at)
      throw fault(path, from < at ? SHARED : `is damaged: its header leaves a gap before ${name}`);
    at = to;
  }
  if (at !== room) throw fault(path, 'is damaged: it is longer than its header says');
}

async function readContent(path: string, file: FileHandle, passOver: (name: string) => boolean) {
  const { size } = await file.stat();
  const { entries, metadata, start } = await readHeader(path, file, size);
  const tensors = new Map<string, Tensor>();
  const dtypes = new Map<string, string>();
  checkPlaces(path, entries, size - start);
  for (const [name, entry] of entries) {
    const { dtype, shape, data_offsets: offsets } = entry;
    dtypes.set(name, dtype);
    if (passOver(name)) continue;
    const kind = DTYPES.get(dtype);
    if (!kind)
      throw fault(path, `has ${name} as ${dtype}; only F32, F16 and BF16 are read (convert it first)`);
    const bytes = new Uint8Array(kind.size * sizeOf(shape));
    await readInto(file, bytes, start + offsets[0]);
    tensors.set(name, { data: kind.read(bytes), shape });
  }
  return { tensors, metadata, dtypes };
}

/**
 * Reads a file, without the tensors for which `passOver` is true: those may have any dtype.
 * @throws (rejects) SaliencyMixError CHECKPOINT: not there, not safetensors, cut off, another dtype
 */
export async function readTensors(
  path: string,
  passOver: (name: string) => boolean = () => false,
): Promise<ReadTensors> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    return await readContent(path, file, passOver);
  } catch (error) {
    if (error instanceof SaliencyMixError) throw error;
    const known: Record<string, string> = {
      ENOENT: 'is not there',
      EISDIR: 'is a folder: give the file in it, as checkpoint.safetensors or model.onnx',
    };
    throw fault(path, known[systemCode(error) ?? ''] ?? `cannot be read: ${reasonOf(error)}`, error);
  } finally {
    await file?.close();
  }
}

async function writeParts(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (const part of parts) await file.writeFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Writes a file under another name, waits until it is on the disk, then renames it. So an earlier file is
 * replaced only by a complete one.
 * @throws (rejects) SaliencyMixError OUTPUT
 */
export async function writeTensors(path: string, file: TensorFile): Promise<void> {
  await writing(path, async () => {
    await writeParts(`${path}${PARTIAL}`, encodeTensors(file));
    await rename(`${path}${PARTIAL}`, path);
  });
}
