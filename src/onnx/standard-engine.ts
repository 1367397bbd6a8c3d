/** Models run by onnxruntime-node. */
import { readdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type {
  AddOptions,
  ModelInfo,
  OrtEngine,
  Results,
  RunRequest,
  TensorData,
  TensorInfo,
} from './ort-worker';
import { NEXT } from './ort-worker';
import { type InferenceSession, loadRuntime, type Tensor } from './runtime';
import { asFloat32, asInput } from './values';

function tensorOf(tensor: TensorData, wanted?: string): Tensor {
  const { Tensor: Made } = loadRuntime();
  const { type, data } = asInput(tensor.data, wanted);
  return new Made(type as 'float32', data as Float32Array, tensor.shape);
}

const dataOf = ({ type, data, dims }: Tensor): Results[string] => {
  if (type === 'string') throw new Error('an output is text, not numbers');
  return { data: asFloat32(type, data as Float32Array), shape: [...dims] };
};

function tensorInfo(value: InferenceSession.ValueMetadata): TensorInfo {
  const { name } = value;
  if (!value.isTensor) return { name, type: 'not a tensor', shape: [] };
  // A dimension that is not fixed has a name in place of a number.
  const fixed = (side: number | string) => (typeof side === 'number' && side > 0 ? side : undefined);
  return { name, type: value.type, shape: value.shape.map(fixed) };
}

/** The file that ONNX Runtime wrote: it puts the time behind the name, and this interface does not tell it. */
function profileWritten(profile: string): string {
  const name = readdirSync(dirname(profile)).find((one) => one.startsWith(`${basename(profile)}_`));
  return join(dirname(profile), name as string);
}

/**
 * The options of a session on WebGPU: what is stored in the state stays there, and a node that WebGPU does not have is an
 * error, where it would go to the processor and back in each run.
 */
function onCard({ outputs = [] }: AddOptions): InferenceSession.SessionOptions {
  const { listSupportedBackends } = loadRuntime();
  if (!listSupportedBackends().some(({ name }) => name === 'webgpu'))
    throw new Error(`onnxruntime-node has no WebGPU for ${process.platform}-${process.arch}`);
  const location = (name: string) => (name.startsWith(NEXT) ? 'gpu-buffer' : 'cpu');
  return {
    preferredOutputLocation: Object.fromEntries(outputs.map((name) => [name, location(name)])),
    extra: { session: { disable_cpu_ep_fallback: '1' } },
  };
}

/** Frees a tensor's memory, which on a graphics card nobody collects. */
const drop = (tensor: Tensor | undefined) => {
  if (tensor?.location === 'gpu-buffer') tensor.dispose();
};

export class StandardEngine implements OrtEngine {
  readonly #provider: 'cpu' | 'webgpu';
  readonly #models = new Map<string, InferenceSession>();
  readonly #state = new Map<string, Tensor>();
  readonly #profiles = new Map<string, string>();

  constructor(provider: 'cpu' | 'webgpu' = 'cpu') {
    this.#provider = provider;
  }

  async add(model: string, source: Uint8Array | string, options: AddOptions): Promise<ModelInfo> {
    const { InferenceSession: Session } = loadRuntime();
    const { threads, profile } = options;
    const settings: InferenceSession.SessionOptions = {
      executionProviders: [this.#provider],
      ...(this.#provider === 'webgpu' && onCard(options)),
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      enableMemPattern: false, // takes 25 to 33 % less memory at its peak, and is as fast
      logSeverityLevel: 4, // what is wrong is thrown; the runtime would print it as well
      ...(profile !== undefined && { enableProfiling: true, profileFilePrefix: profile }),
    };
    const session = await (typeof source === 'string'
      ? Session.create(source, settings)
      : Session.create(source, settings));
    await this.#models.get(model)?.release();
    this.#models.set(model, session);
    if (profile !== undefined) this.#profiles.set(model, profile);
    return { inputs: session.inputMetadata.map(tensorInfo), outputs: session.outputMetadata.map(tensorInfo) };
  }

  write(name: string, { data, shape }: TensorData): void {
    drop(this.#state.get(name));
    this.#state.set(name, tensorOf({ data: data.slice(), shape }));
  }

  read(names: readonly string[]): Results {
    const read = names.map((name) => [name, dataOf(this.#state.get(name) as Tensor)] as const);
    return Object.fromEntries(read);
  }

  async run({ model, inputs, outputs, guard }: RunRequest): Promise<Results> {
    const session = this.#models.get(model) as InferenceSession;
    const feeds: Record<string, Tensor> = {};
    for (const [i, name] of session.inputNames.entries()) {
      const given = inputs[name];
      const info = session.inputMetadata[i];
      feeds[name] = given
        ? tensorOf(given, info.isTensor ? info.type : undefined)
        : (this.#state.get(name) as Tensor);
    }
    const fetches = session.outputNames.filter((name) => name.startsWith(NEXT) || outputs.includes(name));
    const results = await session.run(feeds, fetches);
    const isFinite = guard === undefined || (results[guard].data as Float32Array).every(Number.isFinite);
    for (const name of fetches.filter((one) => one.startsWith(NEXT))) {
      const kept = name.slice(NEXT.length);
      drop(isFinite ? this.#state.get(kept) : results[name]);
      if (isFinite) this.#state.set(kept, results[name]);
    }
    return Object.fromEntries(outputs.map((name) => [name, dataOf(results[name])]));
  }

  async close(): Promise<void> {
    for (const [model, profile] of this.#profiles) {
      this.#models.get(model)?.endProfiling();
      renameSync(profileWritten(profile), `${profile}.json`);
    }
    for (const tensor of this.#state.values()) drop(tensor);
    this.#state.clear();
    for (const session of this.#models.values()) await session.release();
    this.#models.clear();
  }
}
