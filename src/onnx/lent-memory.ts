/** Memory that goes to a thread with the inputs of a run, and comes back to be filled again. */

/** Pieces that are kept: images, labels and a few numbers of each of the runs that wait. */
const MOST = 32;

type ArrayOf<T> = new (buffer: ArrayBuffer) => T;
type Tensors<T> = Record<string, { data: T; shape: readonly number[] }>;

/** A message's copy of an array is garbage after each run, and tens of megabytes of it wait for the collector. */
export class LentMemory {
  readonly #free: ArrayBuffer[] = [];

  /** Copies of tensors in memory that can be transferred. */
  copies<T extends ArrayBufferView>(tensors: Tensors<T>): Tensors<T> {
    const copied = Object.entries(tensors).map(([name, { data, shape }]) => [
      name,
      { data: this.#copyOf(data), shape },
    ]);
    return Object.fromEntries(copied);
  }

  #copyOf<T extends ArrayBufferView>(values: T): T {
    const { byteLength, byteOffset, buffer } = values;
    const at = this.#free.findIndex((one) => one.byteLength === byteLength);
    const memory = at < 0 ? new ArrayBuffer(byteLength) : this.#free.splice(at, 1)[0];
    new Uint8Array(memory).set(new Uint8Array(buffer, byteOffset, byteLength));
    return new (values.constructor as ArrayOf<T>)(memory);
  }

  takeBack(pieces: readonly ArrayBuffer[]): void {
    this.#free.push(...pieces);
    this.#free.splice(0, this.#free.length - MOST);
  }
}

/** The memory of copies. */
export const memoryOf = (tensors: Tensors<ArrayBufferView>): ArrayBuffer[] =>
  Object.values(tensors).map(({ data }) => data.buffer as ArrayBuffer);
