/** What mixing a batch gives. */
import type { DeviceBatch } from '../device/batch';
import type { Pixels } from '../types';
import type { MixPlan } from './plan';

/** A batch that was mixed, with its labels and what was done. */
export interface MixedBatch<Images = Pixels> {
  images: Images;
  /** n × classes, row by row; each row is lambda · y_target + (1 − lambda) · y_source. */
  labels: Float32Array;
  /** Of the labels. */
  shape: readonly [n: number, classes: number];
  plan: MixPlan;
  /** The backend that ran, and its level. */
  backend: string;
  level: string;
}

type Fields = Omit<MixedBatch<Pixels | DeviceBatch>, 'plan'>;

/**
 * Its plan is hundreds of small objects, which a training loop never looks at: made when first read.
 *
 * All results share one getter. A getter of its own gives an object a shape of its own, which the engine keeps, and with it
 * the images and labels, until the next full collection of garbage.
 */
export class Mixed implements MixedBatch<Pixels | DeviceBatch> {
  declare readonly images: Pixels | DeviceBatch;
  declare readonly labels: Float32Array;
  declare readonly shape: readonly [n: number, classes: number];
  declare readonly plan: MixPlan;
  declare readonly backend: string;
  declare readonly level: string;
  readonly #makePlan: () => MixPlan;
  #plan?: MixPlan;

  constructor({ images, labels, shape, backend, level }: Fields, makePlan: () => MixPlan) {
    this.images = images;
    this.labels = labels;
    this.shape = shape;
    Object.defineProperty(this, 'plan', Mixed.#getter);
    this.backend = backend;
    this.level = level;
    this.#makePlan = makePlan;
  }

  static readonly #getter = {
    get(this: Mixed): MixPlan {
      return (this.#plan ??= this.#makePlan());
    },
    enumerable: true,
    configurable: true,
  };
}
