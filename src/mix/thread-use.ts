/** How the thread of JavaScript and the native threads share the work of a mixer. */
import type { BatchInput } from '../native/batch-input';
import { addon } from '../native/load';
import { isNative } from '../saliency/made-maps';
import type { Choice } from './draw';
import { usesNativeSaliency } from './index';
import { maskDrawOf } from './masked';
import { parts } from './parts';

/**
 * A batch of up to so many bytes is mixed in about the time that a thread takes to wake. 256 images of CIFAR
 * are fewer.
 */
const SMALL_BATCH_BYTES = 2 ** 20;

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

  /** Whether the thread of JavaScript helps to mix a batch: a small one, while it would only wait for the other threads. */
  helpsWith({ resident, shape: [count, height, width, channels] }: BatchInput): boolean {
    const isSmall = count * height * width * channels <= SMALL_BATCH_BYTES;
    return parts.callerHelps && this.#oneCall && this.#threads > 1 && !resident && isSmall;
  }

  /** Wakes the native threads before a batch is drawn, because waking them takes about as long as drawing it. */
  prewake({ helped = false } = {}): void {
    if (this.#findsSaliency) addon().prewake(helped ? this.#threads - 1 : this.#threads);
  }

  /** Mixes with the native threads until they have no more work. */
  help(): void {
    addon().runUntilDone();
  }
}
