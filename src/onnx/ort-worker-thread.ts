/** The code of the worker thread that ort-worker.ts starts. */
import { types } from 'node:util';
import { parentPort } from 'node:worker_threads';
import { reasonOf } from '../errors';
import { fromFloat16, toFloat16 } from '../half';
import {
  type ModelInfo,
  NEXT,
  type WorkerReply,
  type WorkerRequest,
  type Results,
  type RunRequest,
  type TensorData,
  type TensorInfo,
} from './ort-worker';
import { type InferenceSession, loadRuntime, type Tensor } from './runtime';

const models = new Map<string, InferenceSession>();
const state = new Map<string, Tensor>();

/** Of the type that the model's input has, where that is another one of floats. */
function tensorOf({ data, shape }: TensorData, type?: string): Tensor {
  const { Tensor: Made } = loadRuntime();
  if (!types.isFloat32Array(data))
    return types.isUint8Array(data) ? new Made('bool', data, shape) : new Made('int64', data, shape);
  if (type === 'float16') return new Made('float16', toFloat16(data), shape);
  if (type === 'float64') return new Made('float64', Float64Array.from(data), shape);
  return new Made('float32', data, shape);
}

/**
 * A tensor's values as float32, whatever numbers they are. Copied: the array is transferred to the other thread,
 * and the tensor's memory may be the runtime's.
 */
function valuesOf({ type, data }: Tensor): Float32Array {
  // Where the language has a Float16Array the runtime gives that, else the bits.
  if (type === 'float16' && types.isUint16Array(data)) return fromFloat16(data);
  if (types.isBigInt64Array(data) || types.isBigUint64Array(data)) return Float32Array.from(data, Number);
  if (type === 'string') throw new Error('an output is text, not numbers');
  return Float32Array.from(data as Float32Array);
}

const dataOf = (tensor: Tensor): Results[string] => ({ data: valuesOf(tensor), shape: [...tensor.dims] });

function tensorInfo(value: InferenceSession.ValueMetadata): TensorInfo {
  const { name } = value;
  if (!value.isTensor) return { name, type: 'not a tensor', shape: [] };
  // A dimension that is not fixed has a name in place of a number.
  const fixed = (side: number | string) => (typeof side === 'number' && side > 0 ? side : undefined);
  return { name, type: value.type, shape: value.shape.map(fixed) };
}

async function add({ model, source, threads }: Extract<WorkerRequest, { kind: 'add' }>): Promise<ModelInfo> {
  const { InferenceSession: Session } = loadRuntime();
  const options: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    enableMemPattern: false, // takes 25 to 33 % less memory at its peak, and is as fast
    logSeverityLevel: 4, // what is wrong is thrown; the runtime would print it as well
  };
  const session = await (typeof source === 'string'
    ? Session.create(source, options)
    : Session.create(source, options));
  await models.get(model)?.release();
  models.set(model, session);
  return { inputs: session.inputMetadata.map(tensorInfo), outputs: session.outputMetadata.map(tensorInfo) };
}

async function run({ model, inputs, outputs, guard }: RunRequest): Promise<Results> {
  const session = models.get(model) as InferenceSession;
  const feeds: Record<string, Tensor> = {};
  for (const [i, name] of session.inputNames.entries()) {
    const given = inputs[name];
    const info = session.inputMetadata[i];
    feeds[name] = given
      ? tensorOf(given, info.isTensor ? info.type : undefined)
      : (state.get(name) as Tensor);
  }
  const fetches = session.outputNames.filter((name) => name.startsWith(NEXT) || outputs.includes(name));
  const results = await session.run(feeds, fetches);
  const isFinite = guard === undefined || (results[guard].data as Float32Array).every(Number.isFinite);
  for (const name of isFinite ? fetches : []) {
    if (name.startsWith(NEXT)) state.set(name.slice(NEXT.length), results[name]);
  }
  return Object.fromEntries(outputs.map((name) => [name, dataOf(results[name])]));
}

async function execute(request: WorkerRequest): Promise<{ tensors: Results; info?: ModelInfo }> {
  switch (request.kind) {
    case 'add':
      return { tensors: {}, info: await add(request) };
    case 'write':
      for (const [name, tensor] of Object.entries(request.tensors)) state.set(name, tensorOf(tensor));
      return { tensors: {} };
    case 'read': {
      const read = request.names.map((name) => [name, dataOf(state.get(name) as Tensor)] as const);
      return { tensors: Object.fromEntries(read) };
    }
    case 'run':
      return { tensors: await run(request) };
    default:
      for (const session of models.values()) await session.release();
      models.clear();
      state.clear();
      return { tensors: {} };
  }
}

/**
 * The last request. Requests run one after the other, since a run reads the state that the run before it wrote.
 */
let last: Promise<void> = Promise.resolve();

parentPort?.on('message', (request: WorkerRequest) => {
  last = last.then(async () => {
    const reply = await execute(request).then(
      (done): WorkerReply => ({ id: request.id, ...done }),
      (error: unknown): WorkerReply => ({ id: request.id, error: reasonOf(error) }),
    );
    const transfer =
      'tensors' in reply ? Object.values(reply.tensors).map(({ data }) => data.buffer as ArrayBuffer) : [];
    parentPort?.postMessage(reply, transfer);
    if (request.kind === 'close') parentPort?.close();
  });
});
