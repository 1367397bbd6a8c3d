/** Arguments and results of a trainer's methods. */

export interface TrainingBatch {
  /** NCHW, n × 3 × height × width, normalised as the model expects. n is at most the trainer's `batch`. */
  images: Float32Array;
  /** Soft labels, n × classes, row by row; numbers of at least 0. */
  labels: Float32Array;
}

export interface StepOptions extends TrainingBatch {
  learningRate: number;
}

export interface StepResult {
  /** Mean over the batch, before the update. */
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
