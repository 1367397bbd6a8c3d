/** Runs a native call: an AbortSignal stops it, and its errors become SaliencyMixErrors. */
import { reasonOf, SaliencyMixError } from '../errors';
import type { CancelFlag } from './binding';
import { addon } from './load';

/**
 * Runs `call` with a flag that stops it when `signal` aborts. Rejects with the signal's reason when it was
 * stopped, and with a NATIVE error when the addon failed. Rejects with an ARGUMENT error when one of the
 * `inputs` is detached afterwards: it was transferred to another thread while native code read it, so the
 * result may be wrong.
 */
export async function runNative(
  call: (cancel: CancelFlag | undefined) => Promise<void>,
  inputs: readonly ArrayBufferView[],
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  checkAttached(inputs);
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
  checkAttached(inputs);
}

/** Memory that was transferred to another thread has no bytes left. */
function checkAttached(inputs: readonly ArrayBufferView[]): void {
  if (!inputs.some((input) => input.byteLength === 0)) return;
  throw new SaliencyMixError(
    'ARGUMENT',
    'An input buffer was transferred while it was being read; keep it until the call ends',
  );
}
