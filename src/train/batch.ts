/** What a trainer's methods take and give. */

export interface TrainingBatch {
  /** n × 3 × height × width, NCHW, n at most the trainer's batch. */
  images: Float32Array;
  /** Soft labels, n × classes. */
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
  /** By name, in the shapes of the parameters. */
  parameters: Map<string, Float32Array>;
  /** n × 3 × height × width. */
  images: Float32Array;
}
