/** What is known of a training run, as its page and its metrics show it. */

export interface TrainingRun {
  /** "resnet20 on cifar10-jpeg.tar, saliencymix" */
  title: string;
  status: 'running' | 'complete' | 'stopped' | 'failed';
  /** Nested plain data, shown as a table with dotted names. */
  settings: Record<string, unknown>;
  environment: Record<string, unknown>;
  classes: readonly string[];
  /** Of the model. */
  parameters: number;
  /** In the order of training. */
  steps: readonly {
    step: number;
    epoch: number;
    loss: number;
    /** On mixed labels, 0 to 1. */
    accuracy: number;
    learningRate: number;
    imagesPerSecond: number;
  }[];
  /** Those that are done, counted from 1. */
  epochs: readonly {
    epoch: number;
    /** Steps done at its end. */
    step: number;
    /** Mean over its steps. */
    loss: number;
    /** In training, on mixed labels, 0 to 1. */
    accuracy: number;
    /** On test data, 0 to 1. */
    top1Error: number;
    top5Error: number;
    seconds: number;
  }[];
  /** A PNG of what the model was trained on. */
  samples?: Uint8Array;
  /** Counts of test images, a row per true class and a column per class they were taken for. */
  confusion?: readonly (readonly number[])[];
}
