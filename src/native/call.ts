/** One asynchronous native call: memory for the result, an AbortSignal that reaches into it, errors of one class. */
import { invalid } from '../check';
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

/** From here on a result is memory of its own, fresh from the system, and large pages under it are worth asking for. */
const LARGE = 4 << 20;

interface NumberArrayType<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, offset: number, length: number): T;
}

/**
 * Memory for a result, not cleared: native code writes every value. An allocation that fails becomes an error that says
 * how much was wanted.
 */
export function allocate<T extends NumberArray>(type: NumberArrayType<T>, length: number): T {
  try {
    // Only this constructor leaves memory as it is; its buffer belongs to the result alone.
    const memory = Buffer.allocUnsafeSlow(length * type.BYTES_PER_ELEMENT);
    if (memory.length >= LARGE) addon().preferLargePages(memory);
    return new type(memory.buffer, memory.byteOffset, length);
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

/**
 * Memory for a result: `into`, or its beginning, where the caller gave it, else new. Reusing memory spares the system the clearing of fresh
 * pages, which for large batches takes longer than mixing them.
 */
export function resultMemory<T extends NumberArray>(
  type: NumberArrayType<T> & { readonly name: string },
  length: number,
  into: unknown,
  inputs: readonly ArrayBufferView[],
): T {
  if (into === undefined) return allocate(type, length);
  const expected = `a ${type.name} of ${length} values or more`;
  const given = into as T;
  if (!ArrayBuffer.isView(into) || Object.prototype.toString.call(into) !== `[object ${type.name}]`) {
    throw invalid('into', expected, into);
  }
  if (given.length < length) throw invalid('into', expected, into);
  const end = given.byteOffset + length * type.BYTES_PER_ELEMENT;
  const overlaps = (input: ArrayBufferView) =>
    input.buffer === given.buffer &&
    input.byteOffset < end &&
    given.byteOffset < input.byteOffset + input.byteLength;
  if (inputs.some(overlaps)) throw invalid('into', `${expected} apart from the inputs`, into);
  return given.length === length ? given : new type(given.buffer, given.byteOffset, length);
}
