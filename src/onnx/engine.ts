/**
 * The two ways to run training graphs. standard: by onnxruntime-node's JavaScript interface. native: by the same
 * library's C interface, from our addon; weights then stay in native memory between steps.
 */
import { reasonOf, SaliencyMixError } from '../errors';
import { addon } from '../native/load';
import { libraryPath } from './library';
import { stayPrivate } from './telemetry';

export const engineNames = ['native', 'standard'] as const;
export type EngineName = (typeof engineNames)[number];

/** What 'auto', or a name, comes to. */
export interface ChosenEngine {
  engine: EngineName;
  /** Path of ONNX Runtime's library, and its version; of the native engine. */
  library?: string;
  ort?: string;
  /** Level of the code of its operators, such as avx512. */
  level?: string;
  /** Why 'auto' did not take the native engine. */
  reason?: string;
}

/** Version and execution providers, as ONNX Runtime names them, of the library that the native engine uses, and its level. */
export interface NativeLibrary {
  library: string;
  ort: string;
  providers: string[];
  level: string;
}

/** @throws SaliencyMixError BACKEND, with the reason, where there is no native engine */
export function nativeLibrary(): NativeLibrary {
  stayPrivate();
  let library: string | undefined;
  try {
    library = libraryPath();
    const { version, providers, level } = addon().ortLibrary({ path: library });
    return { library, ort: version, providers, level };
  } catch (error) {
    const where = library === undefined ? '' : `${library}: `;
    throw new SaliencyMixError('BACKEND', `There is no native training engine: ${where}${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Chooses among the engines that are there.
 * @throws SaliencyMixError BACKEND for 'native' where it cannot be had
 */
export function chooseEngine(wanted: EngineName | 'auto'): ChosenEngine {
  if (wanted === 'standard') return { engine: 'standard' };
  try {
    const { library, ort, level } = nativeLibrary();
    return { engine: 'native', library, ort, level };
  } catch (error) {
    if (wanted === 'native') throw error;
    return { engine: 'standard', reason: reasonOf(error) };
  }
}
