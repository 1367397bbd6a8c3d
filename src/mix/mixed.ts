/** The result of mixing a batch. */
import type { DeviceBatch } from '../device/batch';
import type { Pixels } from '../types';
import type { MixPlan } from './plan';

/** A mixed batch: images, soft labels, and the plan of what was done. */
export interface MixedBatch<Images = Pixels> {
  /** uint8 NHWC, or the form that `output` asked for; of a device batch a device batch. */
  images: Images;
  /**
   * n × classes, row by row; each row is lambda · y_target + (1 − lambda) · y_source, with the plan's `labelLambda` for lambda
   * where a sample has one.
   */
  labels: Float32Array;
  /** The shape of `labels`. */
  shape: readonly [n: number, classes: number];
  /** What was drawn and placed, as plain data; see `applyPlan`. */
  plan: MixPlan;
  /** The backend that ran, and its level. */
  backend: string;
  level: string;
}

type Fields = Omit<MixedBatch<Pixels | DeviceBatch>, 'plan'>;

/**
 * The plan is hundreds of small objects, which a training loop never reads. So it is made when it is first
 * read.
 *
 * All results share one getter. A getter per object would give each object a hidden class of its own in V8,
 * which would keep its images and labels alive until the next full garbage collection.
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
