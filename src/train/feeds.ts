/** What programs are fed: arrays with their shapes. */
import { sizeOf } from '../graph/graph';
import type { Optimizer } from '../graph/optimizers';
import type { TensorData, Tensors } from '../onnx/machine';
import { rateName } from './programs';

/** A part of a larger array would be sent to the thread with all of the array. */
export const compact = (part: Float32Array) =>
  part.byteLength < part.buffer.byteLength ? part.slice() : part;

/** What the optimizer reads at a step, counted from 1. */
export function ratesOf({ rates, ratesAt }: Optimizer, learningRate: number, step: number): Tensors {
  const values = ratesAt(learningRate, step);
  const scalar = (value: number) => ({ data: Float32Array.of(value), shape: [] });
  return Object.fromEntries(rates.map((rate, i) => [rateName(rate), scalar(values[i])]));
}

/** What the optimizer begins with. */
export const zeros = (tensors: readonly { name: string; shape: readonly number[] }[]): Tensors =>
  Object.fromEntries(
    tensors.map(({ name, shape }) => [name, { data: new Float32Array(sizeOf(shape)), shape }]),
  );

function stackedTensor(parts: readonly TensorData[]): TensorData {
  const [{ data, shape }] = parts;
  const Kind = data.constructor as new (length: number) => Float32Array | Uint8Array;
  const all = new Kind(parts.length * data.length);
  parts.forEach((part, i) => all.set(part.data as Float32Array, i * data.length));
  return { data: all, shape: [parts.length, ...shape] };
}

/** One tensor per name, with a row per step, and how many they are. */
export function stackFeeds(feeds: readonly Tensors[], times: string): Tensors {
  const stacked = Object.keys(feeds[0]).map(
    (name) => [name, stackedTensor(feeds.map((one) => one[name]))] as const,
  );
  const count = { data: BigInt64Array.of(BigInt(feeds.length)), shape: [] };
  return { ...Object.fromEntries(stacked), [times]: count };
}
