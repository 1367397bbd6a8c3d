/** The engine that a thread is started for. */
import { NativeEngine } from './native-engine';
import type { OrtEngine, WorkerStart } from './ort-worker';
import { StandardEngine } from './standard-engine';

export const engineFor = ({ library, provider, precision }: WorkerStart): OrtEngine =>
  library === undefined
    ? new StandardEngine(provider === 'webgpu' ? provider : 'cpu')
    : new NativeEngine(
        library,
        provider === 'cuda' ? { device: 0, tf32: Number(precision === 'tf32') } : undefined,
      );
