/** Where a trainer computes: what 'auto' takes, and what can be had here. */
import * as check from '../check';
import { reasonOf, SaliencyMixError } from '../errors';
import type { EngineName } from '../onnx/engine';
import { NEXT, type StandardProvider } from '../onnx/ort-worker';
import { noWebGpu, probeWebGpu, type WebGpuFinding } from '../onnx/webgpu';
import type { Warn } from '../warning';
import { transferGraph } from './graphs';

export const providers = ['cpu', 'webgpu', 'cuda'] as const;
export type Provider = (typeof providers)[number];

/** Whether training on WebGPU can be had: tried with a model that copies one number. */
export const findWebGpu = (): Promise<WebGpuFinding> =>
  probeWebGpu(transferGraph([{ name: 'x', shape: [1] }], NEXT).bytes);

/** Why WebGPU is not what 'auto' takes. */
const faultOf = ({ reason, isSoftware }: WebGpuFinding): string | undefined =>
  isSoftware ? 'WebGPU has only a driver that computes on the processor' : reason;

async function automatic(engine: EngineName | 'auto', tell: Warn): Promise<StandardProvider> {
  if (engine === 'native') return 'cpu';
  const fault = await findWebGpu().then(faultOf, reasonOf);
  tell(
    fault === undefined
      ? 'Training runs on the provider "webgpu"'
      : `Training runs on the provider "cpu": ${fault}`,
  );
  return fault === undefined ? 'webgpu' : 'cpu';
}

/**
 * The same before anything else of a run is begun, and whether WebGPU can be had.
 * @throws (rejects) SaliencyMixError as chooseProvider; BACKEND where there is no WebGPU
 */
export async function findProvider(
  wanted: Provider | 'auto',
  engine: EngineName | 'auto',
  tell: Warn,
): Promise<StandardProvider> {
  const provider = await chooseProvider(wanted, engine, tell);
  const { reason } = wanted === 'webgpu' ? await findWebGpu() : {};
  if (reason !== undefined) throw noWebGpu(reason);
  return provider;
}

/**
 * The provider that a name comes to. `tell` is told what 'auto' takes, and why.
 * @throws (rejects) SaliencyMixError BACKEND for 'cuda'; ARGUMENT for 'webgpu' with the engine native, which computes on the
 *   processor
 */
export async function chooseProvider(
  wanted: Provider | 'auto',
  engine: EngineName | 'auto',
  tell: Warn,
): Promise<StandardProvider> {
  if (wanted === 'auto') return automatic(engine, tell);
  if (wanted === 'cuda') {
    const what = "Training on CUDA is not in this version: provider 'webgpu' trains on graphics cards";
    throw new SaliencyMixError('BACKEND', what, { argument: 'provider' });
  }
  if (wanted === 'webgpu' && engine === 'native')
    throw check.invalid('engine', `'standard' or 'auto' where provider is 'webgpu'`, engine);
  return wanted;
}
