// Inputs and results as they lie in files.
import { readFileSync } from 'node:fs';

const TYPES = { uint8: Uint8Array, int32: Int32Array, int64: BigInt64Array, float32: Float32Array };

/** The file that was read last: variants that share a process share its bytes. */
let last = {};

function bytesOf(file) {
  if (last.file !== file) last = { file, data: readFileSync(file) };
  return last.data;
}

/** The batches of an input file, as the package takes them. */
export function readBatches({ file, shape: [batches, ...shape] }) {
  const data = bytesOf(file);
  const bytes = shape.reduce((product, side) => product * side, 1);
  return Array.from({ length: batches }, (_, i) => ({
    data: new Uint8Array(data.buffer, data.byteOffset + i * bytes, bytes),
    shape,
  }));
}

/** An array that a contender wrote: { data, shape }. */
export function readArray({ file, dtype, shape }) {
  const bytes = readFileSync(file);
  const type = TYPES[dtype];
  return { data: new type(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)), shape };
}
