/**
 * A worker thread in which ONNX Runtime runs models. It keeps named tensors between runs, its state, such as
 * the weights of a trainer. A model's input that a run does not give is taken from the state by its name. An
 * output named `next/NAME` is stored in the state as NAME; one named `over/NAME`, which the native engine knows, is
 * written into the memory of NAME. So weights are not copied between threads, and the
 * JavaScript thread is free meanwhile.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { reasonOf, SaliencyMixError } from '../errors';
import { isCudaLost, isCudaMissing, lostCuda, noCuda } from './cuda';
import { LentMemory, memoryOf } from './lent-memory';
import { stayPrivate } from './telemetry';
import { isWebGpuMissing, noWebGpu, takeWebGpu } from './webgpu';

/**
 * A tensor, row-major. A Uint8Array has bools, a BigInt64Array int64 numbers. Floats are converted where the
 * model's input is float16 or float64.
 */
export interface TensorData {
  data: Float32Array | Uint8Array | BigInt64Array;
  shape: readonly number[];
}
export type Tensors = Record<string, TensorData>;
/** A tensor of float32 in memory of the backend on which the model runs, lent to the thread (Resident.lent). */
export interface LentTensor {
  loan: number;
  shape: readonly number[];
}

/** Name, type and shape of a model's input or output. A dimension that is not fixed is undefined. */
export interface TensorInfo {
  name: string;
  type: string;
  shape: (number | undefined)[];
}
export interface ModelInfo {
  inputs: TensorInfo[];
  outputs: TensorInfo[];
}

/** Outputs of a run, or tensors read from the state, by name; as float32, whatever numbers they are in the model. */
export type Results = Record<string, { data: Float32Array; shape: number[] }>;

/** Prefix of the outputs that are stored in the state. */
export const NEXT = 'next/';
/**
 * Prefix of the outputs that are written over what they replace, so that there need not be memory for both: by a node
 * that runs after everything else that reads it or can fail, and changes nothing where the guard is not finite.
 */
export const OVER = 'over/';

export interface RunRequest {
  /** A model that was added under this name. */
  model: string;
  inputs: Tensors;
  /** Inputs that are not in memory of this process; of the native engine. */
  lent?: Record<string, LentTensor>;
  /** Names of the outputs to give back. */
  outputs: readonly string[];
  /** Name of an output. If any of its values is not finite, the state is not changed. */
  guard?: string;
}

export interface AddOptions {
  threads: number;
  /**
   * Path, without its ending .json, of a file to which ONNX Runtime writes how long each node takes. It is complete
   * when the thread is closed.
   */
  profile?: string;
  /** Names of the model's outputs: on WebGPU, where it must be said beforehand which stay there. */
  outputs?: readonly string[];
}

/** Where ONNX Runtime computes. On a graphics card the state that runs make stays there. */
export type ProviderName = 'cpu' | 'webgpu' | 'cuda';

/** tf32: factors of products with ten bits after the first. */
export const precisions = ['fp32', 'tf32'] as const;
export type Precision = (typeof precisions)[number];

/** What runs models within the thread. Calls come one after the other. */
export interface OrtEngine {
  add(model: string, source: Uint8Array | string, options: AddOptions): Promise<ModelInfo> | ModelInfo;
  /** Copies a tensor into the state. */
  write(name: string, tensor: TensorData): void;
  read(names: readonly string[]): Results;
  run(request: RunRequest): Promise<Results> | Results;
  close(): Promise<void> | void;
}

/** What a thread is started with. */
export interface WorkerStart {
  /** Full path of ONNX Runtime's library, for the native engine; unless given, onnxruntime-node runs the models. */
  library?: string;
  /** Where ONNX Runtime computes; cpu unless given. cuda is the native engine's, webgpu the other's. */
  provider?: ProviderName;
  /** Of cuda; fp32 unless given. */
  precision?: Precision;
}

export type WorkerCommand =
  | ({ kind: 'add'; model: string; source: Uint8Array | string } & AddOptions)
  | { kind: 'write'; name: string; tensor: TensorData }
  | { kind: 'read'; names: readonly string[] }
  | ({ kind: 'run' } & RunRequest)
  | { kind: 'close' };
/** A message to the thread, and one from it. */
export type WorkerRequest = WorkerCommand & { id: number };
export interface Done {
  tensors: Results;
  info?: ModelInfo;
  /** How long a run took, and the memory of its inputs. */
  ms?: number;
  lent?: ArrayBuffer[];
}
export type WorkerReply = { id: number; error: string } | ({ id: number } & Done);

export interface OrtWorker {
  /** Compiles a model (its bytes, or the path of its file) and keeps it under a name. */
  add(model: string, source: Uint8Array | string, options: AddOptions): Promise<ModelInfo>;
  /**
   * Copies a tensor into the state. Its memory goes to the thread and comes back in the array that is given back, to be
   * used again; `data` is empty then.
   */
  write(
    name: string,
    data: Float32Array<ArrayBuffer>,
    shape: readonly number[],
  ): Promise<Float32Array<ArrayBuffer>>;
  read(names: readonly string[]): Promise<Results>;
  /** The inputs may be changed once this has returned. */
  run(request: RunRequest): Promise<Results>;
  /** Milliseconds that runs have taken, in all. */
  readonly busy: number;
  /** Ends the thread, after everything that was asked of it before. */
  close(): Promise<void>;
}

/** The compiled file: a thread cannot run TypeScript, also where jest compiles this file itself. */
const THREAD = resolve(__dirname, '..', '..', 'dist', 'onnx', 'ort-worker-thread.js');

type Success = Extract<WorkerReply, { tensors: Results }>;

interface PendingCall {
  resolve(reply: Success): void;
  reject(error: Error): void;
}

function failed(error: unknown, { provider }: WorkerStart): SaliencyMixError {
  const reason = reasonOf(error);
  if (provider === 'webgpu' && isWebGpuMissing(reason)) return noWebGpu(reason, error);
  if (provider === 'cuda' && isCudaMissing(reason)) return noCuda(reason, error);
  if (provider === 'cuda' && isCudaLost(reason)) return lostCuda(`ONNX Runtime: ${reason}`, error);
  const advice = /allocate memory|not enough memory/.test(reason)
    ? '\nA smaller batch takes less memory.'
    : '';
  return new SaliencyMixError('MODEL', `ONNX Runtime: ${reason}${advice}`, { cause: error });
}

/**
 * Starts a new thread. It runs commands in the order they are given. `onEnd` is called when the thread has
 * ended.
 * @throws SaliencyMixError BACKEND for WebGPU while another thread uses it
 */
export function startOrtWorker(
  { library, provider, precision }: WorkerStart = {},
  onEnd: () => void = () => undefined,
): OrtWorker {
  if (!existsSync(THREAD)) throw new SaliencyMixError('MODEL', `${THREAD} is missing: npm run build`);
  stayPrivate();
  const workerData: WorkerStart = { library, provider, precision };
  const giveBack = provider === 'webgpu' ? takeWebGpu() : () => undefined;
  const worker = new Worker(THREAD, { workerData });
  const memory = new LentMemory();
  const pending = new Map<number, PendingCall>();
  let requests = 0;
  let busy = 0;
  let ended: Error | undefined;
  let closing: Promise<void> | undefined;

  const rejectAll = (error: Error) => {
    ended ??= error;
    onEnd();
    for (const call of pending.values()) call.reject(error);
    pending.clear();
  };
  worker.on('message', (reply: WorkerReply) => {
    const call = pending.get(reply.id);
    pending.delete(reply.id);
    if (pending.size === 0) worker.unref(); // an idle thread does not keep the process alive
    if ('error' in reply) call?.reject(failed(reply.error, workerData));
    else call?.resolve(reply);
  });
  worker.on('error', (error) => rejectAll(failed(error, workerData)));
  worker.on('exit', () => {
    giveBack();
    rejectAll(new SaliencyMixError('MODEL', 'This trainer was closed'));
  });
  worker.unref();

  const send = (command: WorkerCommand, transfer: ArrayBuffer[] = []) =>
    new Promise<Success>((resolveCall, reject) => {
      if (ended) return reject(ended);
      const id = requests++;
      pending.set(id, { resolve: resolveCall, reject });
      worker.ref();
      worker.postMessage({ ...command, id }, transfer);
    });
  const close = async () => {
    if (ended) return;
    const exited = new Promise((resolveExit) => worker.once('exit', resolveExit));
    await send({ kind: 'close' });
    worker.ref();
    await exited;
  };
  return {
    async add(model, source, options) {
      return (await send({ kind: 'add', model, source, ...options })).info as ModelInfo;
    },
    async write(name, data, shape) {
      const { tensors } = await send({ kind: 'write', name, tensor: { data, shape } }, [data.buffer]);
      return new Float32Array(tensors[name].data.buffer as ArrayBuffer);
    },
    read: async (names) => (await send({ kind: 'read', names })).tensors,
    async run(request) {
      const inputs = memory.copies(request.inputs);
      const {
        tensors,
        ms = 0,
        lent = [],
      } = await send({ kind: 'run', ...request, inputs }, memoryOf(inputs));
      memory.takeBack(lent);
      busy += ms;
      return tensors;
    },
    get busy() {
      return busy;
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}
