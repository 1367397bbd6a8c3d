/** Training, exported as `saliencymix/train`. */
export type { OptimizerOptions } from '../graph/optimizers';
export { createModel, type ModelName, modelNames, type ModelOptions } from '../models/index';
export type { Model } from '../models/model';
export type { TrainerOptions } from './options';
export { type Gradients, type StepOptions, type StepResult, Trainer, type TrainingBatch } from './trainer';
