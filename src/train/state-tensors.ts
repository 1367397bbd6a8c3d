/** Tensors of a trainer's state, by their names. */
import type { Results } from '../onnx/ort-worker';
import type { Tensor } from './safetensors';

/** A tensor to set. */
export interface StateTensor {
  name: string;
  shape: readonly number[];
  data?: Float32Array;
}

export const namedTensors = (
  tensors: Iterable<readonly [string, Omit<StateTensor, 'name'>]>,
): StateTensor[] => Array.from(tensors, ([name, tensor]) => ({ name, ...tensor }));

/** The tensors of both, one after the other: what is drawn one by one is not kept all at once. */
export function* inTurn(first: Iterable<StateTensor>, second: Iterable<StateTensor>): Generator<StateTensor> {
  yield* first;
  yield* second;
}

export const weightsOf = (results: Results): Map<string, Tensor> => new Map(Object.entries(results));
