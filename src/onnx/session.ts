/**
 * ONNX models, run by onnxruntime-node in a worker thread: its `run` computes on the JavaScript thread that calls it.
 * The package is optional and loaded when the first model is opened; everything else works without it.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { reasonOf, SaliencyMixError } from '../errors';

/** An input or output of a model; a dimension that is not fixed is undefined. */
export interface Port {
  name: string;
  type: string;
  shape: (number | undefined)[];
}

export interface Model {
  readonly path: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Runs the model on its first input and gives its first output. `data` is transferred to the worker. */
  run(data: Float32Array, shape: readonly number[]): Promise<{ data: Float32Array; shape: number[] }>;
}

/** What the worker is asked, and what it answers (worker.ts). */
export type Request =
  | { id: number; kind: 'open'; path: string }
  | { id: number; kind: 'run'; path: string; data: Float32Array; shape: readonly number[] };
export type Answer =
  | { id: number; error: string }
  | { id: number; inputs: Port[]; outputs: Port[] }
  | { id: number; data: Float32Array; shape: number[] };

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** Compiled, also when this file runs from its source under a test runner. */
const WORKER = resolve(__dirname, '..', '..', 'dist', 'onnx', 'worker.js');

let worker: Worker | undefined;
let asked = 0;
const waiting = new Map<number, Waiting>();
const models = new Map<string, Promise<Model>>();

function startWorker(): Worker {
  if (!existsSync(WORKER)) throw new SaliencyMixError('MODEL', `${WORKER} is missing: npm run build`);
  const started = new Worker(WORKER);
  started.on('message', (answer: Answer) => settle(answer));
  started.on('error', (error) => abandon(error));
  started.unref();
  return started;
}

function settle(answer: Answer): void {
  const call = waiting.get(answer.id);
  waiting.delete(answer.id);
  if (waiting.size === 0) worker?.unref(); // an idle worker does not keep the process alive
  if ('error' in answer) call?.reject(new Error(answer.error));
  else call?.resolve(answer);
}

/** The worker died: every open call fails, and the next one starts a fresh worker. */
function abandon(error: Error): void {
  for (const call of waiting.values()) call.reject(error);
  waiting.clear();
  models.clear();
  worker = undefined;
}

type Ask = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

function ask(request: Ask, transfer: ArrayBuffer[] = []): Promise<Answer> {
  worker ??= startWorker();
  const running = worker;
  return new Promise((resolveCall, reject) => {
    const id = asked++;
    waiting.set(id, { resolve: resolveCall, reject });
    running.ref();
    running.postMessage({ ...request, id }, transfer);
  });
}

async function open(path: string): Promise<Model> {
  const answer = await ask({ kind: 'open', path }).catch((error: unknown) => {
    models.delete(path);
    throw new SaliencyMixError('MODEL', `Cannot open the ONNX model ${path}: ${reasonOf(error)}`, {
      file: path,
      cause: error,
    });
  });
  const { inputs, outputs } = answer as Extract<Answer, { inputs: Port[] }>;
  return {
    path,
    inputs,
    outputs,
    async run(data, shape) {
      const result = await ask({ kind: 'run', path, data, shape }, [data.buffer as ArrayBuffer]).catch(
        (error: unknown) => {
          throw new SaliencyMixError('MODEL', `The ONNX model ${path} failed: ${reasonOf(error)}`, {
            file: path,
            cause: error,
          });
        },
      );
      return result as Extract<Answer, { data: Float32Array }>;
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
