/** How long an epoch takes. A run may be stopped within one and gone on with: the time until then is kept in its checkpoint. */
import type { Trainer } from './trainer';

/** Seconds of an epoch so far, without those in which nothing ran. */
export interface Spent {
  seconds: number;
  /** In which the trainer worked. */
  busySeconds: number;
  /** In which it made the network's own maps. */
  saliencySeconds: number;
}

const NOTHING: Spent = { seconds: 0, busySeconds: 0, saliencySeconds: 0 };

/** Whether a checkpoint's notes have such times; those of an epoch that begins, and of earlier versions, have none. */
export const isSpent = (value: unknown): value is Spent | undefined =>
  value === undefined ||
  (typeof value === 'object' &&
    value !== null &&
    Object.keys(NOTHING).every((name) => ((value as Record<string, unknown>)[name] as number) >= 0));

/** Runs from when it is made. */
export class EpochClock {
  readonly #trainer: Pick<Trainer, 'busy' | 'saliencyTime'>;
  readonly #before: Spent;
  readonly #began: { time: number; busy: number; saliency: number };

  /** @param before of the same epoch, before the run was stopped */
  constructor(trainer: Pick<Trainer, 'busy' | 'saliencyTime'>, before: Spent = NOTHING) {
    this.#trainer = trainer;
    this.#before = before;
    this.#began = { time: performance.now(), busy: trainer.busy, saliency: trainer.saliencyTime };
  }

  get spent(): Spent {
    const { time, busy, saliency } = this.#began;
    const { seconds, busySeconds, saliencySeconds } = this.#before;
    return {
      seconds: seconds + (performance.now() - time) / 1000,
      busySeconds: busySeconds + (this.#trainer.busy - busy) / 1000,
      saliencySeconds: saliencySeconds + (this.#trainer.saliencyTime - saliency) / 1000,
    };
  }

  /** The share of the time so far in which the trainer waited. */
  get idle(): number {
    const { seconds, busySeconds } = this.spent;
    return 1 - busySeconds / seconds;
  }
}
