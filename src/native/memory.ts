/** Memory for results: what the caller gave, blocks that earlier results left, or new. */
import { isMainThread } from 'node:worker_threads';
import { invalid } from '../check';
import { reasonOf, SaliencyMixError } from '../errors';
import { addon } from './load';
import { movedBuffer, movesAtOnce } from './moved-buffer';

type NumberArray = Uint8Array | Uint16Array | Int32Array | Float32Array | Float64Array;

/** From here on a result is memory of its own: the C library asks the system for it, and large pages under it are worth asking for. */
const LARGE = 4 << 20;
/**
 * Results of this size on are blocks. What is smaller, the engine's own allocator finds sooner. From 32 MiB on, C libraries
 * ask the system each time, and that takes longer than any way of moving a buffer.
 */
const MIN_BLOCK = movesAtOnce ? LARGE : 32 << 20;
/** Larger than all that the addon keeps: a block would be new each time. */
const MAX_BLOCK = 256 << 20;

interface NumberArrayType<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, offset: number, length: number): T;
}

/**
 * Memory that holds anything: whoever asks writes every byte that is shown. It comes from a block that garbage collection
 * gives back, so that results of which one follows another take turns in memory that is mapped already.
 *
 * Not in worker threads: the blocks of an environment come back when it ends, but a buffer that was transferred to
 * another thread lives on.
 */
export function freshMemory(bytes: number): ArrayBuffer {
  const block =
    isMainThread && bytes >= MIN_BLOCK && bytes <= MAX_BLOCK ? addon().newBlock(bytes) : undefined;
  if (block) return movedBuffer(block);
  // Only this constructor leaves memory as it is; its buffer belongs to the result alone.
  const memory = Buffer.allocUnsafeSlow(bytes);
  if (bytes >= LARGE) addon().preferLargePages(memory);
  return memory.buffer;
}

/**
 * Memory for a result, not cleared: native code writes every value. An allocation that fails becomes an error that says
 * how much was wanted.
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
 * Memory for a result: `into`, or its beginning, where the caller gave it, else `freshMemory`.
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
