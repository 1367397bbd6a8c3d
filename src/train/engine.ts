/** What training can run on here, and with which engine a checkpoint is trained on. */
import { reasonOf } from '../errors';
import { type ConvolutionForm, convolutionForms } from '../graph/native-ops';
import { chooseEngine, type EngineName, engineNames, nativeLibrary } from '../onnx/engine';
import { onnxruntimeVersion } from '../run/environment';
import { emitWarning, type Warn } from '../warning';
import type { Precision, ProviderName } from '../onnx/ort-worker';
import { engineOn, findCuda, findWebGpu, providers } from './provider';

/** What decides the last digits of training, besides the seed: kept in checkpoints and run.json. */
export interface Arithmetic {
  engine: EngineName;
  provider: string;
  /** How the native engine computes convolutions, and the level of its code, such as avx512. */
  convolution?: ConvolutionForm;
  level?: string;
  /** Of the provider cuda. */
  precision?: Precision;
}

/** What training would run on. */
export interface TrainingInfo {
  /** The engine that 'auto' takes; none without onnxruntime-node. */
  engine: EngineName | 'none';
  /** Why it is not the native one. */
  reason?: string;
  /** Version of ONNX Runtime. */
  ort?: string;
  /** Path of its library, for the native engine, and the level of the engine's code. */
  library?: string;
  level?: string;
  /** What the option `provider` may be here, and why not the others. */
  providers: { name: ProviderName; available: boolean; reason?: string }[];
}

/** The providers, WebGPU tried; none without onnxruntime-node. */
async function providersOf(ort: string | undefined): Promise<TrainingInfo['providers']> {
  if (ort === undefined)
    return providers.map((name) => ({ name, available: false, reason: 'onnxruntime-node is not installed' }));
  const [{ reason, isSoftware }, cuda] = await Promise.all([findWebGpu(), findCuda()]);
  const webgpu = isSoftware ? 'its driver computes on the processor: not chosen by auto' : reason;
  return [
    { name: 'cpu', available: true },
    { name: 'webgpu', available: reason === undefined, ...(webgpu !== undefined && { reason: webgpu }) },
    { name: 'cuda', available: cuda.reason === undefined, ...cuda },
  ];
}

/** Looks for engines and providers, which takes about a second. */
export async function trainingInfo(): Promise<TrainingInfo> {
  const version = onnxruntimeVersion();
  const found = await providersOf(version);
  try {
    const { library, ort, level } = nativeLibrary();
    return { engine: 'native', ort, library, level, providers: found };
  } catch (error) {
    const engine = version === undefined ? 'none' : 'standard';
    return { engine, reason: reasonOf(error), ort: version, providers: found };
  }
}

/** What a checkpoint says of the arithmetic that it was trained with. */
interface SavedArithmetic {
  /** Those of earlier versions have none and were trained by 'standard'. */
  readonly engine?: unknown;
  readonly provider?: unknown;
  readonly convolution?: unknown;
  readonly level?: unknown;
}

/**
 * The engine and form of convolutions to resume with on a provider: those that are asked for, else the checkpoint's, or
 * another engine where that cannot be had. Warns where they, or the provider, are not the checkpoint's, or the engine's code
 * is of another level.
 * @throws SaliencyMixError BACKEND for 'native', where it is asked for and cannot be had
 */
export function engineToResume(
  saved: SavedArithmetic,
  asked: { engine?: EngineName | 'auto'; convolution?: ConvolutionForm; provider?: ProviderName },
  warn: Warn = emitWarning,
): { engine: EngineName; convolution?: ConvolutionForm } {
  const tell = (from: string, to: string) =>
    warn(
      `The checkpoint was trained ${from} and goes on ${to}: last digits may differ from those of a run that was not stopped`,
    );
  const { provider = 'cpu' } = asked;
  const was = providers.find((name) => name === saved.provider) ?? 'cpu';
  if (was !== provider) tell(`on the provider "${was}"`, `on "${provider}"`);
  const only = engineOn(provider);
  if (only !== undefined) return { engine: only };
  if (was !== 'cpu')
    return { engine: chooseEngine(asked.engine ?? 'auto').engine, convolution: asked.convolution };
  const before = engineNames.find((name) => name === saved.engine) ?? 'standard';
  const form = convolutionForms.find((name) => name === saved.convolution);
  const convolution = asked.convolution ?? form;
  const { engine, reason, level } = chooseEngine(asked.engine ?? (before === 'native' ? 'auto' : before));
  if (engine !== before) {
    const why = reason === undefined ? '' : ` (${reason})`;
    tell(`on the engine "${before}"`, `on "${engine}"${why}`);
  } else if (engine === 'native') {
    if (form !== undefined && convolution !== form)
      tell(`with convolutions in the form "${form}"`, `in the form "${convolution}"`);
    if (typeof saved.level === 'string' && level !== saved.level)
      tell(`by ${saved.level} code`, `with ${level} code`);
  }
  return convolution === undefined ? { engine } : { engine, convolution };
}
