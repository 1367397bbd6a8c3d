/** The arrays that a trainer's graphs take as inputs, with their shapes. */
import { RANDOM } from '../graph/lowering/lower';
import type { Optimizer } from '../graph/optimizers';
import type { TensorData, Tensors } from '../onnx/ort-worker';
import { scalarName } from './graphs';

/** The optimizer's scalars at a step, counted from 1. */
export function optimizerScalars(
  { scalars, scalarsAt }: Optimizer,
  learningRate: number,
  step: number,
): Tensors {
  const values = scalarsAt(learningRate, step);
  const tensor = (value: number) => ({ data: Float32Array.of(value), shape: [] });
  return Object.fromEntries(scalars.map((scalar, i) => [scalarName(scalar), tensor(values[i])]));
}

/** What the native form draws dropout's masks of. */
export const randomInput = (seed: number, step: number): Tensors => ({
  [RANDOM]: { data: BigInt64Array.of(BigInt(seed), BigInt(step)), shape: [2] },
});

function stackedTensor(parts: readonly TensorData[]): TensorData {
  const [{ data, shape }] = parts;
  const Kind = data.constructor as new (length: number) => Float32Array | Uint8Array;
  const all = new Kind(parts.length * data.length);
  parts.forEach((part, i) => all.set(part.data as Float32Array, i * data.length));
  return { data: all, shape: [parts.length, ...shape] };
}

/**
 * The inputs of several steps as inputs of one run: each tensor gets a row per step. The input `times` is their
 * number.
 */
export function stackInputs(steps: readonly Tensors[], times: string): Tensors {
  const stacked = Object.keys(steps[0]).map(
    (name) => [name, stackedTensor(steps.map((one) => one[name]))] as const,
  );
  const count = { data: BigInt64Array.of(BigInt(steps.length)), shape: [] };
  return { ...Object.fromEntries(stacked), [times]: count };
}
