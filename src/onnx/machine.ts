/**
 * A machine: a worker thread that holds named tensors (its state) and runs models over them. What a model's inputs are
 * not given comes from the state; its outputs named `next/NAME` become the state's NAME. So weights stay where they are
 * used, and the JavaScript thread is free while a model runs.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { reasonOf, SaliencyMixError } from '../errors';

/** Row-major. Bytes are bool, bigints int64. */
export interface TensorData {
  data: Float32Array | Uint8Array | BigInt64Array;
  shape: readonly number[];
}
export type Tensors = Record<string, TensorData>;

/** An input or output of a model; a dimension that is not fixed is undefined. */
export interface Port {
  name: string;
  type: string;
  shape: (number | undefined)[];
}
export interface Ports {
  inputs: Port[];
  outputs: Port[];
}

/** What comes back. */
export type Results = Record<string, { data: Float32Array; shape: number[] }>;

/** Prefix of the outputs that are kept. */
export const NEXT = 'next/';

export interface RunRequest {
  /** A model that was added under this name. */
  model: string;
  feeds: Tensors;
  /** Outputs that are wanted. */
  fetch: readonly string[];
  /** An output; unless all its values are finite, the state stays as it was. */
  guard?: string;
}

export type Command =
  | { kind: 'add'; model: string; source: Uint8Array | string; threads: number }
  | { kind: 'write'; tensors: Tensors }
  | { kind: 'read'; names: readonly string[] }
  | ({ kind: 'run' } & RunRequest)
  | { kind: 'close' };
export type Asked = Command & { id: number };
export type Answer = { id: number; error: string } | { id: number; tensors: Results; ports?: Ports };

export interface Machine {
  /** Compiles a model (bytes of ONNX, or the path of a file) to be run under a name. */
  add(model: string, source: Uint8Array | string, threads: number): Promise<Ports>;
  write(tensors: Tensors): Promise<void>;
  read(names: readonly string[]): Promise<Results>;
  run(request: RunRequest): Promise<Results>;
  /** Ends the thread; what was asked before is still done. */
  close(): Promise<void>;
}

/** Compiled, also when this file runs from its source under a test runner. */
const WORKER = resolve(__dirname, '..', '..', 'dist', 'onnx', 'machine-worker.js');

interface Waiting {
  resolve(answer: Extract<Answer, { tensors: Results }>): void;
  reject(error: Error): void;
}

const failed = (error: unknown) =>
  new SaliencyMixError('MODEL', `ONNX Runtime: ${reasonOf(error)}`, { cause: error });

/** Starts a machine of its own; commands are done in the order they are given. `onEnd` is called when its thread ends. */
export function startMachine(onEnd: () => void = () => undefined): Machine {
  if (!existsSync(WORKER)) throw new SaliencyMixError('MODEL', `${WORKER} is missing: npm run build`);
  const worker = new Worker(WORKER);
  const waiting = new Map<number, Waiting>();
  let asked = 0;
  let ended: Error | undefined;
  let closing: Promise<void> | undefined;

  const abandon = (error: Error) => {
    ended ??= error;
    onEnd();
    for (const call of waiting.values()) call.reject(error);
    waiting.clear();
  };
  worker.on('message', (answer: Answer) => {
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (waiting.size === 0) worker.unref(); // an idle machine does not keep the process alive
    if ('error' in answer) call?.reject(failed(answer.error));
    else call?.resolve(answer);
  });
  worker.on('error', (error) => abandon(failed(error)));
  worker.on('exit', () => abandon(new SaliencyMixError('MODEL', 'This trainer was closed')));
  worker.unref();

  const ask = (command: Command) =>
    new Promise<Extract<Answer, { tensors: Results }>>((resolveCall, reject) => {
      if (ended) return reject(ended);
      const id = asked++;
      waiting.set(id, { resolve: resolveCall, reject });
      worker.ref();
      worker.postMessage({ ...command, id }, []);
    });
  const close = async () => {
    if (ended) return;
    const gone = new Promise((resolveGone) => worker.once('exit', resolveGone));
    await ask({ kind: 'close' });
    worker.ref();
    await gone;
  };
  return {
    async add(model, source, threads) {
      return (await ask({ kind: 'add', model, source, threads })).ports as Ports;
    },
    async write(tensors) {
      await ask({ kind: 'write', tensors });
    },
    read: async (names) => (await ask({ kind: 'read', names })).tensors,
    run: async (request) => (await ask({ kind: 'run', ...request })).tensors,
    close() {
      closing ??= close();
      return closing;
    },
  };
}
