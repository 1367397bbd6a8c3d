/** The worker thread of machine.ts. */
import { types } from 'node:util';
import { parentPort } from 'node:worker_threads';
import { reasonOf } from '../errors';
import {
  type Answer,
  type Asked,
  NEXT,
  type Port,
  type Ports,
  type Results,
  type RunRequest,
  type TensorData,
} from './machine';
import { type InferenceSession, loadRuntime, type Tensor } from './runtime';

const models = new Map<string, InferenceSession>();
const state = new Map<string, Tensor>();

function tensorOf({ data, shape }: TensorData): Tensor {
  const { Tensor: Made } = loadRuntime();
  if (types.isFloat32Array(data)) return new Made('float32', data, shape);
  return types.isUint8Array(data) ? new Made('bool', data, shape) : new Made('int64', data, shape);
}

/** A copy: what is sent away is no longer here, and the runtime's memory may be its own. */
const dataOf = (tensor: Tensor): Results[string] => ({
  data: Float32Array.from(tensor.data as Float32Array),
  shape: [...tensor.dims],
});

function port(value: InferenceSession.ValueMetadata): Port {
  const { name } = value;
  if (!value.isTensor) return { name, type: 'not a tensor', shape: [] };
  // A symbolic dimension comes as its name.
  const fixed = (side: number | string) => (typeof side === 'number' && side > 0 ? side : undefined);
  return { name, type: value.type, shape: value.shape.map(fixed) };
}

async function add({ model, source, threads }: Extract<Asked, { kind: 'add' }>): Promise<Ports> {
  const { InferenceSession: Session } = loadRuntime();
  const options: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    enableMemPattern: false, // a quarter to a third less memory at its peak, for no time
  };
  const session = await (typeof source === 'string'
    ? Session.create(source, options)
    : Session.create(source, options));
  await models.get(model)?.release();
  models.set(model, session);
  return { inputs: session.inputMetadata.map(port), outputs: session.outputMetadata.map(port) };
}

async function run({ model, feeds, fetch, guard }: RunRequest): Promise<Results> {
  const session = models.get(model) as InferenceSession;
  const inputs: Record<string, Tensor> = {};
  for (const name of session.inputNames) {
    const given = feeds[name];
    inputs[name] = given ? tensorOf(given) : (state.get(name) as Tensor);
  }
  const outputs = session.outputNames.filter((name) => name.startsWith(NEXT) || fetch.includes(name));
  const results = await session.run(inputs, outputs);
  const isFinite = guard === undefined || (results[guard].data as Float32Array).every(Number.isFinite);
  for (const name of isFinite ? outputs : []) {
    if (name.startsWith(NEXT)) state.set(name.slice(NEXT.length), results[name]);
  }
  return Object.fromEntries(fetch.map((name) => [name, dataOf(results[name])]));
}

async function answer(asked: Asked): Promise<{ tensors: Results; ports?: Ports }> {
  switch (asked.kind) {
    case 'add':
      return { tensors: {}, ports: await add(asked) };
    case 'write':
      for (const [name, tensor] of Object.entries(asked.tensors)) state.set(name, tensorOf(tensor));
      return { tensors: {} };
    case 'read': {
      const read = asked.names.map((name) => [name, dataOf(state.get(name) as Tensor)] as const);
      return { tensors: Object.fromEntries(read) };
    }
    case 'run':
      return { tensors: await run(asked) };
    default:
      for (const session of models.values()) await session.release();
      models.clear();
      state.clear();
      return { tensors: {} };
  }
}

/** One after the other, as they come: a run reads what the one before it left. */
let last: Promise<void> = Promise.resolve();

parentPort?.on('message', (asked: Asked) => {
  last = last.then(async () => {
    const result = await answer(asked).then(
      (done): Answer => ({ id: asked.id, ...done }),
      (error: unknown): Answer => ({ id: asked.id, error: reasonOf(error) }),
    );
    const transfer =
      'tensors' in result ? Object.values(result.tensors).map(({ data }) => data.buffer as ArrayBuffer) : [];
    parentPort?.postMessage(result, transfer);
    if (asked.kind === 'close') parentPort?.close();
  });
});
