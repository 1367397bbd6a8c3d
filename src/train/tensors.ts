/** Tensors on their way between a trainer and its thread. */
import { sizeOf } from '../graph/graph';
import type { Tensors } from '../onnx/machine';
import type { Tensor } from './safetensors';

/** A part of a larger array would be sent to the thread with all of the array. */
export const compact = (part: Float32Array) =>
  part.byteLength < part.buffer.byteLength ? part.slice() : part;

export const weightsOf = (tensors: Tensors): Map<string, Tensor> =>
  new Map(
    Object.entries(tensors).map(([name, { data, shape }]) => [
      name,
      { data: data as Float32Array, shape: [...shape] },
    ]),
  );

export const zeros = (tensors: readonly { name: string; shape: readonly number[] }[]): Tensors =>
  Object.fromEntries(
    tensors.map(({ name, shape }) => [name, { data: new Float32Array(sizeOf(shape)), shape }]),
  );
