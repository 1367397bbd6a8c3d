/** How the thread of JavaScript and the native threads share the work of a mixer. */
import type { BatchInput } from '../native/batch-input';
import { addon } from '../native/load';
import { isNative } from '../saliency/made-maps';
import type { Choice } from './draw';
import { usesNativeSaliency } from './index';
import { maskDrawOf } from './masked';
import { parts } from './parts';

/** The work on a batch of up to so many bytes is begun sooner here than by another thread. 256 images of CIFAR are fewer. */
const SMALL_BATCH_BYTES = 2 ** 20;

/** Copying fewer bytes is done before another thread is awake. */
const WAKING_BYTES = 2 ** 15;

const bytesOf = ({ shape }: BatchInput): number => shape.reduce((product, side) => product * side, 1);

/** Whether mixing takes one native call. */
const isOneCall = (choices: readonly Choice[]): boolean =>
  choices.length === 1 &&
  choices.every(
    ({ options }) =>
      isNative(options.saliency) && options.labelRule === 'area' && maskDrawOf(options) === undefined,
  );

export class ThreadUse {
  readonly #threads: number;
  readonly #oneCall: boolean;
  readonly #findsSaliency: boolean;

  constructor(choices: readonly Choice[], threads: number) {
    this.#threads = threads;
    this.#oneCall = isOneCall(choices);
    this.#findsSaliency = choices.some(({ options }) => usesNativeSaliency(options));
  }

  /**
   * Whether the thread of JavaScript mixes a batch itself, with the help of others: a small one. Handing it to another thread and
   * being told of its end would take longer than what JavaScript does meanwhile. The event loop stands still for that time.
   */
  mixesHere(input: BatchInput): boolean {
    const isSmall = bytesOf(input) <= SMALL_BATCH_BYTES;
    return parts.mixesHere && this.#oneCall && this.#threads > 1 && !input.resident && isSmall;
  }

  /** Wakes the native threads before a batch is drawn that is then mixed, because waking them takes about as long as drawing it. */
  prewakeToMix(input: BatchInput, here: boolean): void {
    if (this.#findsSaliency || bytesOf(input) >= WAKING_BYTES) addon().prewake(this.#threads, here);
  }

  /** The same before a batch is drawn whose boxes alone are wanted. */
  prewakeToPlace(): void {
    if (this.#findsSaliency) addon().prewake(this.#threads, false);
  }
}
