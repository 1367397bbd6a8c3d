/** Memory for results: what the caller gives, a block that an earlier result used, or new memory. */
import { isMainThread } from 'node:worker_threads';
import { invalid } from '../check';
import { reasonOf, SaliencyMixError } from '../errors';
import { addon } from './load';
import { movedBuffer, movesAtOnce } from './moved-buffer';

type NumberArray = Uint8Array | Uint16Array | Int32Array | Float32Array | Float64Array;

/**
 * From this size on the C library asks the system for each allocation, so the result does not share pages with
 * anything else, and large pages are worth asking for.
 */
const LARGE = 4 << 20;
/**
 * From this size on a result is a block of the addon; for smaller ones V8's own allocator is faster. Without
 * ArrayBuffer.transfer, moving a buffer is slow (see moved-buffer.ts) and only worth it from 32 MiB on: there
 * the C library asks the system each time, which takes longer still.
 */
const MIN_BLOCK = movesAtOnce ? LARGE : 32 << 20;
/** Up to this size: the addon keeps no larger blocks, so one would be new each time. */
const MAX_BLOCK = 256 << 20;

interface NumberArrayType<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, offset: number, length: number): T;
}

/**
 * Memory that is not cleared: the caller must write every byte that users can see. Large memory is a block of
 * the addon, which gets it back when the buffer is garbage collected. So results that follow one another use
 * the same memory, which the system has already mapped.
 *
 * Worker threads get no blocks: theirs are freed when the thread ends, but a buffer that was transferred to
 * another thread would still be in use.
 */
export function freshMemory(bytes: number): ArrayBuffer {
  const block =
    isMainThread && bytes >= MIN_BLOCK && bytes <= MAX_BLOCK ? addon().newBlock(bytes) : undefined;
  if (block) return movedBuffer(block);
  // The only constructor that does not clear memory. Unlike Buffer.allocUnsafe it does not share a buffer with
  // others.
  const memory = Buffer.allocUnsafeSlow(bytes);
  if (bytes >= LARGE) addon().preferLargePages(memory);
  return memory.buffer;
}

/**
 * Memory for a result, not cleared: native code must write every value.
 * @throws SaliencyMixError NATIVE where the memory cannot be allocated
 */
export function allocate<T extends NumberArray>(type: NumberArrayType<T>, length: number): T {
  try {
    return new type(freshMemory(length * type.BYTES_PER_ELEMENT), 0, length);
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
 * Memory for a result of `length` values: the beginning of `into` where the user gave it, else newly allocated.
 * @throws SaliencyMixError ARGUMENT where `into` has another type, is too short, or overlaps one of the
 *   `inputs`
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
