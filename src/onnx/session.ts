/**
 * ONNX models from files, on one machine for the whole process. The runtime is optional and loaded when the first model is
 * opened; everything else works without it.
 */
import { resolve } from 'node:path';
import { reasonOf, SaliencyMixError } from '../errors';
import { type Machine, type Port, startMachine } from './machine';

export interface Model {
  readonly path: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Runs the model on its first input and gives its first output. */
  run(data: Float32Array, shape: readonly number[]): Promise<{ data: Float32Array; shape: number[] }>;
}

let machine: Machine | undefined;
const models = new Map<string, Promise<Model>>();

/** The machine that runs; where its thread died, the next model is opened on a fresh one. */
function running(): Machine {
  machine ??= startMachine(() => {
    machine = undefined;
    models.clear();
  });
  return machine;
}

function fault(what: string, path: string, error: unknown): SaliencyMixError {
  return new SaliencyMixError('MODEL', `${what}: ${reasonOf(error)}`, { file: path, cause: error });
}

async function open(path: string): Promise<Model> {
  const own = running();
  // One thread: the same bits whatever the machine.
  const { inputs, outputs } = await own.add(path, path, 1).catch((error: unknown) => {
    models.delete(path);
    throw fault(`Cannot open the ONNX model ${path}`, path, error);
  });
  return {
    path,
    inputs,
    outputs,
    async run(data, shape) {
      const fetch = [outputs[0].name];
      const request = { model: path, feeds: { [inputs[0].name]: { data, shape } }, fetch };
      const results = await own.run(request).catch((error: unknown) => {
        throw fault(`The ONNX model ${path} failed`, path, error);
      });
      return results[outputs[0].name];
    },
  };
}

/**
 * Opens a model once per process; later calls for the same path share it.
 * @throws (rejects) SaliencyMixError MODEL: onnxruntime-node is not installed, no such file, not a model
 */
export function openModel(path: string): Promise<Model> {
  const absolute = resolve(path);
  let model = models.get(absolute);
  if (!model) {
    model = open(absolute);
    models.set(absolute, model);
  }
  return model;
}
