/** Arguments and results of a trainer's methods. */
import type { DeviceBatch } from '../device/batch';
import type { HiddenMix } from './hidden-mix';

/** In memory of this process, or where the trainer computes. */
export type Images = Float32Array | DeviceBatch;

export interface TrainingBatch<I extends Images = Float32Array> {
  /**
   * n × 3 × height × width, normalised as the model expects; n is at most the trainer's `batch`. Or a device batch of float32,
   * NCHW or NHWC, where the trainer computes: on the backend cuda for the provider cuda, on cpu for the native engine of the
   * provider cpu. It is read there, without a copy, and may be freed as soon as the call has been made.
   */
  images: I;
  /** Soft labels, n × classes, row by row; numbers of at least 0. */
  labels: Float32Array;
}

/** A batch whose images may be mixed within the network. */
export interface HiddenMixBatch<I extends Images = Float32Array> extends TrainingBatch<I> {
  /** How: labels are mixed in the same way, so give those of the images as they are. */
  hidden?: HiddenMix;
}

/** A batch beside which another one is learned. */
interface Accompanied<I extends Images> {
  /**
   * As many other images, whose mean loss is added, times the weight: PuzzleMix adds that of the images before they are mixed. Both
   * losses are of one step; the running statistics are updated with the batch's and then with these.
   */
  beside?: TrainingBatch<I> & { weight: number };
}

export interface StepOptions<I extends Images = Float32Array> extends HiddenMixBatch<I>, Accompanied<I> {
  learningRate: number;
  /** The share of the run that is done, 0 to 1, with which DropBlock's chances rise; 1 unless given. */
  progress?: number;
}

export interface StepResult {
  /** Mean over the batch, before the update, with what is added to it. */
  loss: number;
  /** n × classes, before the update. */
  logits: Float32Array;
}

export interface Gradients {
  loss: number;
  /** By name of the parameter; each has its parameter's shape, row-major. */
  parameters: Map<string, Float32Array>;
  /** n × 3 × height × width. */
  images: Float32Array;
}
