/** What the page of a training run and its metrics are made of. */

export interface TrainingRun {
  /** "resnet20 on cifar10-jpeg.tar, saliencymix" */
  title: string;
  status: 'running' | 'complete' | 'stopped' | 'failed';
  /** Nested plain data, shown as a table with dotted names. */
  settings: Record<string, unknown>;
  environment: Record<string, unknown>;
  classes: readonly string[];
  /** Number of learned parameters. */
  parameters: number;
  /** One entry per step, in order. */
  steps: readonly {
    step: number;
    epoch: number;
    loss: number;
    /** On mixed labels, 0 to 1. */
    accuracy: number;
    learningRate: number;
    imagesPerSecond: number;
  }[];
  /** One entry per completed epoch; `epoch` counts from 1. */
  epochs: readonly {
    epoch: number;
    /** Steps of the run that were done at its end. */
    step: number;
    /** Mean over its steps. */
    loss: number;
    /** In training, on mixed labels, 0 to 1. */
    accuracy: number;
    /** On test data, 0 to 1. */
    top1Error: number;
    top5Error: number;
    seconds: number;
    /** Share of its steps' time in which the trainer waited for the next one, 0 to 1; NaN in runs of versions that did not measure it. */
    idle: number;
    /** Of `seconds`, those in which the network found what is salient; NaN in runs of versions that could not. */
    saliencySeconds: number;
  }[];
  /** A PNG of what the model was trained on. */
  samples?: Uint8Array;
  /** Counts of test images: a row per true class, a column per predicted class. */
  confusion?: readonly (readonly number[])[];
}
