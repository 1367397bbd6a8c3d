/** What training can run on here, and with which engine a checkpoint is trained on. */
import { reasonOf } from '../errors';
import { chooseEngine, type EngineName, engineNames, nativeLibrary } from '../onnx/engine';
import { onnxruntimeVersion } from '../run/environment';
import { emitWarning, type Warn } from '../warning';
import { providers } from './options';

/** What decides the last digits of training, besides the seed: kept in checkpoints and run.json. */
export interface Arithmetic {
  engine: EngineName;
  provider: string;
  /** How the native engine computes convolutions, and the level of its code, such as avx512. */
  convolution?: 'direct';
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

const OTHER_DIGITS = 'last digits may differ from those of a run that was not stopped';

/**
 * The engine to resume with: the one that is asked for, else the checkpoint's, or another where that cannot be had.
 * Warns where it is not the checkpoint's, or its code is of another level.
 * @param saved of the checkpoint; those of earlier versions have none and were trained by 'standard'
 * @throws SaliencyMixError BACKEND for 'native', where it is asked for and cannot be had
 */
export function engineToResume(
  saved: { readonly engine?: unknown; readonly level?: unknown },
  asked: EngineName | 'auto' | undefined,
  warn: Warn = emitWarning,
): EngineName {
  const before = engineNames.find((name) => name === saved.engine) ?? 'standard';
  const { engine, reason, level } = chooseEngine(asked ?? (before === 'native' ? 'auto' : before));
  if (engine !== before) {
    const why = reason === undefined ? '' : ` (${reason})`;
    warn(
      `The checkpoint was trained on the engine "${before}" and goes on on "${engine}"${why}: ${OTHER_DIGITS}`,
    );
  } else if (engine === 'native' && typeof saved.level === 'string' && level !== saved.level) {
    warn(`The checkpoint was trained by ${saved.level} code and goes on with ${level} code: ${OTHER_DIGITS}`);
  }
  return engine;
}
