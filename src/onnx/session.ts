/**
 * ONNX models from files. One worker thread of the process runs all models of learned saliency; it is started
 * when the first one is opened.
 */
import { resolve } from 'node:path';
import { cannotOpen, cannotRun } from './faults';
import { readModelFile } from './model-file';
import { type OrtWorker, type Results, startOrtWorker, type TensorInfo } from './ort-worker';

export interface OnnxModel {
  readonly path: string;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Text that is kept in the file, by key. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Runs the model on its first input and gives its first output. */
  run(data: Float32Array, shape: readonly number[]): Promise<Results[string]>;
  /** Runs the model on its first input and gives the outputs of these names. */
  runFor(outputs: readonly string[], data: Float32Array, shape: readonly number[]): Promise<Results>;
}

interface OpenOptions {
  threads: number;
  /** What a user can do where the model cannot take images of the form that it is given. */
  unfit: string;
}

/** Of models that are opened once per process. */
const SHARED: OpenOptions = {
  // One thread, because the bits of the runtime's sums depend on the number of threads.
  threads: 1,
  unfit:
    'its input must be N×3×S×S; export it with the S that it needs in the shape of its input (224 is taken where that is open)',
};

let shared: OrtWorker | undefined;
const models = new Map<string, Promise<OnnxModel>>();

/** The worker of the process; a new one where the old thread has ended. */
function sharedWorker(): OrtWorker {
  shared ??= startOrtWorker({}, () => {
    shared = undefined;
    models.clear();
  });
  return shared;
}

/**
 * Opens a model in a worker, by the file's path: weights that are in other files are looked for beside it.
 * @throws (rejects) SaliencyMixError MODEL: no such file, not a model, or one that ONNX Runtime refuses
 */
export async function openIn(
  worker: OrtWorker,
  path: string,
  { threads, unfit }: OpenOptions,
): Promise<OnnxModel> {
  const metadata = await readModelFile(path);
  const { inputs, outputs } = await worker.add(path, path, { threads }).catch((error: unknown) => {
    throw cannotOpen(path, error);
  });
  const runFor: OnnxModel['runFor'] = (names, data, shape) =>
    worker
      .run({ model: path, inputs: { [inputs[0].name]: { data, shape } }, outputs: names })
      .catch((error: unknown) => {
        throw cannotRun(path, error, unfit);
      });
  return {
    path,
    inputs,
    outputs,
    metadata,
    runFor,
    async run(data, shape) {
      const [{ name }] = outputs;
      return (await runFor([name], data, shape))[name];
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
    model = openIn(sharedWorker(), absolute, SHARED);
    model.catch(() => models.delete(absolute));
    models.set(absolute, model);
  }
  return model;
}
