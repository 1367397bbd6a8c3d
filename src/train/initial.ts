/** Initial values of a model's parameters, from the seeded generator. */
import { sizeOf } from '../graph/graph';
import type { Init, Parameter } from '../models/net';
import { Purpose, Stream } from '../rng';
import type { Tensor } from './safetensors';

function fill(row: Float32Array, init: Init, stream: () => Stream): void {
  if (init.kind === 'constant') {
    row.fill(init.value);
    return;
  }
  const numbers = stream();
  if (init.kind === 'uniform') {
    for (let i = 0; i < row.length; i++) row[i] = (2 * numbers.uniform() - 1) * init.bound;
    return;
  }
  const deviation = Math.sqrt(2 / init.fan);
  for (let i = 0; i < row.length; i++) row[i] = numbers.normal() * deviation;
}

/**
 * One parameter. Each row (first side) has its own random stream, addressed by the parameter's position and the
 * row.
 */
function fillTensor(data: Float32Array, { shape, init }: Parameter, seed: number, position: number): void {
  const length = data.length / shape[0];
  for (let row = 0; row < shape[0]; row++) {
    const stream = () => new Stream(seed, Purpose.weights, { epoch: 0, batch: position, sample: row });
    fill(data.subarray(row * length, (row + 1) * length), init, stream);
  }
}

/**
 * The initial values of all parameters, in the model's order. Each is drawn when it is its turn, in the memory of the one
 * before: copy what is to be kept.
 */
export function* initialParameters(
  parameters: readonly Parameter[],
  seed: number,
): Generator<Tensor & { name: string }> {
  const memory = new Float32Array(Math.max(...parameters.map(({ shape }) => sizeOf(shape))));
  for (const [i, parameter] of parameters.entries()) {
    const { name, shape } = parameter;
    const data = memory.subarray(0, sizeOf(shape));
    fillTensor(data, parameter, seed, i);
    yield { name, data, shape: [...shape] };
  }
}
