/** One asynchronous native call: memory for the result, an AbortSignal that reaches into it, errors of one class. */
import { reasonOf, SaliencyMixError } from '../errors';
import type { CancelFlag } from './binding';
import { addon } from './load';

/**
 * Runs `call` with a flag that stops it when `signal` aborts. Rejects with the signal's reason when it was stopped,
 * and with a NATIVE error when the addon failed. `inputs` must still be attached at the end: memory that was
 * transferred away while it was read has given a result that must not be used.
 */
export async function runNative(
  call: (cancel: CancelFlag | undefined) => Promise<void>,
  inputs: readonly ArrayBufferView[],
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  const flag = signal && addon().newCancel();
  const stop = () => flag && addon().cancel(flag);
  signal?.addEventListener('abort', stop);
  try {
    await call(flag);
  } catch (error) {
    signal?.throwIfAborted();
    throw new SaliencyMixError('NATIVE', `The native addon failed: ${reasonOf(error)}`, { cause: error });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  signal?.throwIfAborted();
  if (inputs.some((input) => input.byteLength === 0)) {
    throw new SaliencyMixError(
      'ARGUMENT',
      'An input buffer was transferred while it was being read; keep it until the call ends',
    );
  }
}

type NumberArray = Uint8Array | Uint16Array | Int32Array | Float32Array | Float64Array;

/** Memory for a result; an allocation that fails becomes an error that says how much was wanted. */
export function allocate<T extends NumberArray>(type: new (length: number) => T, length: number): T {
  try {
    return new type(length);
  } catch (error) {
    throw new SaliencyMixError(
      'NATIVE',
      `Cannot allocate ${length} values for the result: ${reasonOf(error)}; use smaller batches`,
      {
        cause: error,
      },
    );
  }
}
