/** What training can run on here, and with which engine a checkpoint is trained on. */
import { reasonOf } from '../errors';
import { type ConvolutionForm, convolutionForms } from '../graph/native-ops';
import { chooseEngine, type EngineName, engineNames, nativeLibrary } from '../onnx/engine';
import { onnxruntimeVersion } from '../run/environment';
import { emitWarning, type Warn } from '../warning';
import { providers } from './options';

/** What decides the last digits of training, besides the seed: kept in checkpoints and run.json. */
export interface Arithmetic {
  engine: EngineName;
  provider: string;
  /** How the native engine computes convolutions, and the level of its code, such as avx512. */
  convolution?: ConvolutionForm;
  level?: string;
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
  /** The execution providers that the library has, by the names of the option `provider` where that has them. */
  providers: { name: string; available: boolean; reason?: string }[];
}

/** CPUExecutionProvider is the provider 'cpu'. */
const providerName = (name: string) => name.replace(/ExecutionProvider$/, '').toLowerCase();

export function trainingInfo(): TrainingInfo {
  try {
    const { library, ort, level, providers: names } = nativeLibrary();
    const known = names.map(providerName).map((name) => {
      const available = (providers as readonly string[]).includes(name);
      return available ? { name, available } : { name, available, reason: 'training does not use it' };
    });
    return { engine: 'native', ort, library, level, providers: known };
  } catch (error) {
    const ort = onnxruntimeVersion();
    const engine = ort === undefined ? 'none' : 'standard';
    const available = ort !== undefined;
    return {
      engine,
      reason: reasonOf(error),
      ort,
      providers: providers.map((name) => ({ name, available })),
    };
  }
}

/** What a checkpoint says of the arithmetic that it was trained with. */
interface SavedArithmetic {
  /** Those of earlier versions have none and were trained by 'standard'. */
  readonly engine?: unknown;
  readonly convolution?: unknown;
  readonly level?: unknown;
}

/**
 * The engine and form of convolutions to resume with: those that are asked for, else the checkpoint's, or another engine
 * where that cannot be had. Warns where they are not the checkpoint's, or the engine's code is of another level.
 * @throws SaliencyMixError BACKEND for 'native', where it is asked for and cannot be had
 */
export function engineToResume(
  saved: SavedArithmetic,
  asked: { engine?: EngineName | 'auto'; convolution?: ConvolutionForm },
  warn: Warn = emitWarning,
): { engine: EngineName; convolution?: ConvolutionForm } {
  const before = engineNames.find((name) => name === saved.engine) ?? 'standard';
  const form = convolutionForms.find((name) => name === saved.convolution);
  const convolution = asked.convolution ?? form;
  const { engine, reason, level } = chooseEngine(asked.engine ?? (before === 'native' ? 'auto' : before));
  const tell = (from: string, to: string) =>
    warn(
      `The checkpoint was trained ${from} and goes on ${to}: last digits may differ from those of a run that was not stopped`,
    );
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
