/**
 * ONNX models from files. One worker thread of the process runs them all; it is started when the first model is
 * opened.
 */
import { resolve } from 'node:path';
import { reasonOf, SaliencyMixError } from '../errors';
import { type OrtWorker, startOrtWorker, type TensorInfo } from './ort-worker';

export interface OnnxModel {
  readonly path: string;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Runs the model on its first input and gives its first output. */
  run(data: Float32Array, shape: readonly number[]): Promise<{ data: Float32Array; shape: number[] }>;
}

let shared: OrtWorker | undefined;
const models = new Map<string, Promise<OnnxModel>>();

/** The worker of the process; a new one where the old thread has ended. */
function sharedWorker(): OrtWorker {
  shared ??= startOrtWorker(() => {
    shared = undefined;
    models.clear();
  });
  return shared;
}

function fault(what: string, path: string, error: unknown): SaliencyMixError {
  return new SaliencyMixError('MODEL', `${what}: ${reasonOf(error)}`, { file: path, cause: error });
}

async function open(path: string): Promise<OnnxModel> {
  const worker = sharedWorker();
  // One thread, because the bits of the runtime's sums depend on the number of threads.
  const { inputs, outputs } = await worker.add(path, path, 1).catch((error: unknown) => {
    models.delete(path);
    throw fault(`Cannot open the ONNX model ${path}`, path, error);
  });
  return {
    path,
    inputs,
    outputs,
    async run(data, shape) {
      const [input, output] = [inputs[0].name, outputs[0].name];
      const request = { model: path, inputs: { [input]: { data, shape } }, outputs: [output] };
      const results = await worker.run(request).catch((error: unknown) => {
        throw fault(`The ONNX model ${path} failed`, path, error);
      });
      return results[output];
    },
  };
}

/**
 * Opens a model once per process; later calls for the same path share it.
 * @throws (rejects) SaliencyMixError MODEL: onnxruntime-node is not installed, no such file, not a model
 */
export function openModel(path: string): Promise<OnnxModel> {
  const absolute = resolve(path);
  let model = models.get(absolute);
  if (!model) {
    model = open(absolute);
    models.set(absolute, model);
  }
  return model;
}
