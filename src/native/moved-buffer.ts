/** A buffer over native memory that can be transferred like any other. */
import { ReadableStream } from 'node:stream/web';

/** Gives an array buffer of the same memory and detaches the one that is given, as ES2024's ArrayBuffer.transfer does. */
type Move = (buffer: ArrayBuffer) => ArrayBuffer;

interface Filled {
  readonly byobRequest: { readonly view: Uint8Array<ArrayBuffer> };
}

/** Node has it from 21 on. */
const transfer = (ArrayBuffer.prototype as { transfer?: () => ArrayBuffer }).transfer;

/**
 * The standard's other way: a byte stream that is read into a buffer moves its memory to one of its own, which it shows to
 * whoever is to fill it. Here nobody fills it and the stream is forgotten.
 */
const throughStream: Move = (buffer) => {
  const controllers: ReadableByteStreamController[] = [];
  const stream = new ReadableStream({
    type: 'bytes',
    start: (controller) => void controllers.push(controller),
  });
  void stream.getReader({ mode: 'byob' }).read(new Uint8Array(buffer));
  // Its type here knows nothing of requests.
  return (controllers[0] as unknown as Filled).byobRequest.view.buffer;
};

/**
 * Node marks buffers over native memory: transferring one is an error (up to Node 20: makes a copy), since the memory would
 * have to outlive the thread that made it. The main thread outlives all others, and the mark stays with the old buffer.
 */
export const movedBuffer: Move = transfer ? (buffer) => transfer.call(buffer) : throughStream;

/** Whether that takes a microsecond; else, garbage included, up to two hundred. */
export const movesAtOnce = transfer !== undefined;
