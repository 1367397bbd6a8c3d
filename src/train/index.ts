/** Training, exported as `saliencymix/train`. */
export type { Graph, Shape, Value } from '../graph/graph';
/** ONNX operators, with gradients where there is one: what layers are made of. */
export * as ops from '../graph/ops';
export type { OptimizerOptions } from '../graph/optimizers';
export { defineModel, type ModelDefinition } from '../models/define';
export { createModel, type ModelName, modelNames, type ModelOptions } from '../models/index';
/** Layers with parameters: what models are made of. */
export * as layers from '../models/layers';
export type { Model } from '../models/model';
export { type Init, Net, type Parameter } from '../models/net';
export type { ActivationMaps, ActivationOptions } from './activation';
export type {
  Gradients,
  HiddenMixBatch,
  Images,
  StepOptions,
  StepResult,
  TrainingBatch,
} from './batch';
export { cam } from './cam';
export type { CamImage, CamMap, CamOptions, CamReport } from './cam-options';
export { type EvaluateOptions, evaluate, type Evaluation } from './evaluate';
export type { HiddenMix } from './hidden-mix';
export type { TrainerOptions } from './options';
export { type Robustness, robustness, type RobustnessOptions } from './robustness/robustness';
export { train, type TrainSummary } from './train';
export type { TrainOptions, TrainProgress } from './train-options';
export type { TrainSettings } from './train-settings';
export { Trainer } from './trainer';
