/** Memory that a backend keeps between calls: a graphics card's own, or ordinary memory on the CPU. */
import { SaliencyMixError } from '../errors';
import type { Signal } from '../types';
import type { ResidentHandle } from './binding';
import { runNative } from './call';
import { addon } from './load';

export interface TransferOptions {
  threads: number;
  signal?: Signal;
}

/**
 * One such memory. It is allocated when it is first written to, and freed by `free` or by the garbage
 * collector.
 */
export class Resident {
  readonly backend: string;
  readonly bytes: number;
  readonly #memory: ResidentHandle;
  #freed = false;
  #holders = 0;

  constructor(backend: string, bytes: number) {
    this.backend = backend;
    this.bytes = bytes;
    this.#memory = addon().newResident({ backend, bytes });
  }

  /**
   * The handle that native calls take. `argument` names the batch in the error.
   * @throws SaliencyMixError ARGUMENT once it is freed
   */
  handle(argument: string): ResidentHandle {
    if (!this.#freed) return this.#memory;
    throw new SaliencyMixError(
      'ARGUMENT',
      `The device batch given as ${argument} was freed; upload its pixels again, or free it later`,
      { argument, expected: 'a device batch that was not freed', received: 'a freed one' },
    );
  }

  /** Makes every later use an error. The memory is freed once no `holding` call uses it. */
  free(): void {
    this.#freed = true;
    if (this.#holders === 0) addon().freeResident(this.#memory);
  }

  /**
   * Calls `use` with the number by which other threads know the memory, which is kept until it has ended.
   */
  async lent<T>(argument: string, use: (loan: number) => Promise<T>): Promise<T> {
    const loan = addon().lendResident(this.handle(argument));
    try {
      return await use(loan);
    } finally {
      addon().endLoan(loan);
    }
  }

  /** Copies all bytes from this process to the backend. */
  async upload(data: Uint8Array, { threads, signal }: TransferOptions): Promise<void> {
    const call = { resident: this.handle('batch'), threads, data };
    await runNative((cancel) => addon().upload({ ...call, cancel }), [data], signal);
  }

  /** Copies all bytes from the backend to this process. */
  async download(into: ArrayBufferView, { threads, signal }: TransferOptions): Promise<void> {
    const data = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    const call = { resident: this.handle('batch'), threads, data };
    await runNative((cancel) => addon().download({ ...call, cancel }), [], signal);
  }

  /**
   * Runs `calls`, which may be several native calls; memory that is freed meanwhile is kept until they have
   * ended.
   */
  static async holding<T>(residents: readonly (Resident | undefined)[], calls: () => Promise<T>): Promise<T> {
    const held = residents.filter((resident) => resident !== undefined);
    for (const resident of held) resident.#holders++;
    try {
      return await calls();
    } finally {
      for (const resident of held) resident.#letGo();
    }
  }

  #letGo(): void {
    this.#holders--;
    if (this.#freed && this.#holders === 0) addon().freeResident(this.#memory);
  }
}
