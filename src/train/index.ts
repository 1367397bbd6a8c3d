/** Training, exported as `saliencymix/train`. */
export type { OptimizerOptions } from '../graph/optimizers';
export { createModel, type ModelName, modelNames, type ModelOptions } from '../models/index';
export type { Model } from '../models/model';
export type { Gradients, StepOptions, StepResult, TrainingBatch } from './batch';
export { type EvaluateOptions, evaluate, type Evaluation } from './evaluate';
export type { TrainerOptions } from './options';
export { train, type TrainSummary } from './train';
export type { TrainOptions, TrainProgress } from './train-options';
export type { TrainSettings } from './train-settings';
export { Trainer } from './trainer';
