/** Where a trainer computes: what 'auto' takes, and what can be had here. */
import * as check from '../check';
import { reasonOf } from '../errors';
import { backends } from '../native/backends';
import { cudaProblem, noCuda } from '../onnx/cuda';
import type { EngineName } from '../onnx/engine';
import { libraryPath } from '../onnx/library';
import { NEXT, type Precision, type ProviderName } from '../onnx/ort-worker';
import { type Finding, probe } from '../onnx/probe';
import { noWebGpu } from '../onnx/webgpu';
import type { Warn } from '../warning';
import { transferGraph } from './graphs';

export const providers = ['cpu', 'webgpu', 'cuda'] as const satisfies readonly ProviderName[];

/** What is asked for. */
export interface Wanted {
  provider: ProviderName | 'auto';
  engine: EngineName | 'auto';
  precision?: Precision;
}

/** A model that copies one number. */
const smallest = (provider: 'webgpu' | 'cuda') =>
  transferGraph([{ name: 'x', shape: [1] }], NEXT, provider).bytes;

/** Whether training on WebGPU can be had: tried. */
export const findWebGpu = (): Promise<Finding> => probe({ provider: 'webgpu' }, smallest('webgpu'));

/** Why the addon has no operators of training for graphics cards. */
function withoutCode(): string | undefined {
  const { reason } = backends().find(({ name }) => name === 'cuda') ?? {};
  // Any other reason is of its own backend, such as a card that it does not know.
  return reason?.includes('this build has no CUDA code') ? reason : undefined;
}

/** Whether training on CUDA can be had: its libraries are looked for, then it is tried. */
export async function findCuda(): Promise<Finding> {
  let library: string;
  try {
    library = libraryPath();
  } catch (error) {
    return { reason: reasonOf(error) };
  }
  const reason = withoutCode() ?? cudaProblem(library);
  return reason === undefined ? probe({ library, provider: 'cuda' }, smallest('cuda')) : { reason };
}

/** Why WebGPU is not what 'auto' takes. */
const faultOf = ({ reason, isSoftware }: Finding): string | undefined =>
  isSoftware ? 'WebGPU has only a driver that computes on the processor' : reason;

async function automatic(engine: EngineName | 'auto', tell: Warn): Promise<ProviderName> {
  const cuda = engine === 'standard' ? 'it needs the engine native' : (await findCuda()).reason;
  if (cuda === undefined) {
    tell('Training runs on the provider "cuda"');
    return 'cuda';
  }
  const webgpu =
    engine === 'native' ? 'it needs the engine standard' : await findWebGpu().then(faultOf, reasonOf);
  const provider = webgpu === undefined ? 'webgpu' : 'cpu';
  const faults = [`cuda: ${cuda}`, ...(webgpu === undefined ? [] : [`webgpu: ${webgpu}`])];
  tell(`Training runs on the provider "${provider}" (${faults.join('; ')})`);
  return provider;
}

const ENGINES: Partial<Record<ProviderName, EngineName>> = { webgpu: 'standard', cuda: 'native' };

/** The engine that a provider goes with, where it goes with one only. */
export const engineOn = (provider: ProviderName): EngineName | undefined => ENGINES[provider];

/**
 * The provider that a name comes to. `tell` is told what 'auto' takes, and why.
 * @throws (rejects) SaliencyMixError ARGUMENT for an engine or a precision that does not go with it
 */
export async function chooseProvider(
  { provider: wanted, engine, precision }: Wanted,
  tell: Warn,
): Promise<ProviderName> {
  const provider = wanted === 'auto' ? await automatic(engine, tell) : wanted;
  const needed = engineOn(provider);
  if (needed !== undefined && engine !== 'auto' && engine !== needed)
    throw check.invalid('engine', `'${needed}' or 'auto' where provider is '${provider}'`, engine);
  if (precision === 'tf32' && provider !== 'cuda')
    throw check.invalid('precision', `'fp32' where provider is '${provider}'`, precision);
  return provider;
}

/**
 * The same before anything else of a run is begun, and whether the provider can be had.
 * @throws (rejects) SaliencyMixError as chooseProvider; BACKEND where it cannot be had
 */
export async function findProvider(wanted: Wanted, tell: Warn): Promise<ProviderName> {
  const provider = await chooseProvider(wanted, tell);
  if (wanted.provider === 'webgpu') {
    const { reason } = await findWebGpu();
    if (reason !== undefined) throw noWebGpu(reason);
  }
  if (wanted.provider === 'cuda') {
    const { reason } = await findCuda();
    if (reason !== undefined) throw noCuda(reason);
  }
  return provider;
}
