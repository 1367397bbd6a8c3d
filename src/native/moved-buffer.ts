/** Makes a buffer over native memory transferable, like any other buffer. */
import { ReadableStream } from 'node:stream/web';

/** Detaches an array buffer and gives a new one over the same memory, as ES2024's ArrayBuffer.transfer does. */
type Move = (buffer: ArrayBuffer) => ArrayBuffer;

/** The part of a byte stream's controller that is used here, which its type in Node lacks. */
interface ByobController {
  readonly byobRequest: { readonly view: Uint8Array<ArrayBuffer> };
}

/** Undefined before Node 21. */
const transfer = (ArrayBuffer.prototype as { transfer?: () => ArrayBuffer }).transfer;

/**
 * The same without `transfer`. A read from a byte stream into a buffer (BYOB) moves the buffer's memory to a
 * new one, which the stream's source is given to fill. Here that new buffer is taken, nothing is filled, and
 * the stream is dropped.
 */
const throughStream: Move = (buffer) => {
  const controllers: ReadableByteStreamController[] = [];
  const stream = new ReadableStream({
    type: 'bytes',
    start: (controller) => void controllers.push(controller),
  });
  void stream.getReader({ mode: 'byob' }).read(new Uint8Array(buffer));
  return (controllers[0] as unknown as ByobController).byobRequest.view.buffer;
};

/**
 * Node marks buffers over native memory as not transferable (a transfer is an error; up to Node 20 it makes a
 * copy), since their memory may be freed when the thread that made them ends. The new buffer does not have the
 * mark. That is safe for buffers of the main thread, which ends last.
 */
export const movedBuffer: Move = transfer ? (buffer) => transfer.call(buffer) : throughStream;

/** Whether movedBuffer takes about one microsecond; through a stream it takes up to 200, with its garbage. */
export const movesAtOnce = transfer !== undefined;
