/**
 * The safetensors format (github.com/huggingface/safetensors): the header's length as uint64, a JSON header with dtype,
 * shape and place of each tensor, then the tensors' bytes one after another, little endian. Float32 only.
 */
import { open, readFile } from 'node:fs/promises';
import { reasonOf, SaliencyMixError, systemCode } from '../errors';
import { sizeOf } from '../graph/graph';

export interface Tensor {
  data: Float32Array;
  shape: number[];
}

export interface TensorFile {
  tensors: Map<string, Tensor>;
  /** Text beside the tensors. */
  metadata: Record<string, string>;
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

const LENGTH = 8;
/** As the reference implementation has it. */
const LARGEST_HEADER = 100_000_000;

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The file's parts, to be written one after another. */
export function encodeTensors({ tensors, metadata }: TensorFile): Uint8Array[] {
  let at = 0;
  const header: Record<string, unknown> = { __metadata__: metadata };
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

function parseHeader(path: string, bytes: Buffer): { header: Record<string, Entry>; start: number } {
  const length = bytes.length < LENGTH ? -1 : Number(bytes.readBigUInt64LE(0));
  if (length < 2 || length > LARGEST_HEADER || LENGTH + length > bytes.length)
    throw fault(path, 'is not a safetensors file, or is cut off');
  try {
    const header = JSON.parse(bytes.toString('utf8', LENGTH, LENGTH + length)) as Record<string, Entry>;
    return { header, start: LENGTH + length };
  } catch (error) {
    throw fault(path, 'is not a safetensors file: its header is not JSON', error);
  }
}

function tensorAt(path: string, name: string, entry: Entry, data: Buffer): Tensor {
  const { dtype, shape, data_offsets: offsets } = entry;
  const sides = Array.isArray(shape) && shape.every((side) => Number.isInteger(side) && side >= 0);
  const [from, to] = Array.isArray(offsets) ? offsets : [NaN, NaN];
  const fits = sides && from >= 0 && to <= data.length && to - from === 4 * sizeOf(shape);
  if (!fits) throw fault(path, `is damaged or cut off: ${name} is not where its header says`);
  if (dtype !== 'F32') throw fault(path, `has ${name} as ${dtype}; only F32 is read (convert it first)`);
  const copy = Uint8Array.from(data.subarray(from, to));
  return { data: new Float32Array(copy.buffer), shape };
}

/**
 * Reads a whole file.
 * @throws (rejects) SaliencyMixError CHECKPOINT: not there, not safetensors, cut off, another dtype
 */
export async function readTensors(path: string): Promise<TensorFile> {
  const bytes = await readFile(path).catch((error: unknown) => {
    const missing = systemCode(error) === 'ENOENT';
    throw fault(path, missing ? 'is not there' : `cannot be read: ${reasonOf(error)}`, error);
  });
  const { header, start } = parseHeader(path, bytes);
  const data = bytes.subarray(start);
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name !== '__metadata__') tensors.set(name, tensorAt(path, name, entry, data));
  }
  return { tensors, metadata: (header.__metadata__ ?? {}) as unknown as Record<string, string> };
}

/** Writes parts one after another, and sees that they reach the disk. */
export async function writeParts(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (const part of parts) await file.writeFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
}
