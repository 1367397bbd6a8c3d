/** The public API, and nothing else. */
export { augment, type AugmentSummary } from './augment/job';
export { type LabelOptions, labelReport, type LabelReport } from './augment/labels/report';
export type { AugmentOptions, Progress } from './augment/options';
export type { Batch, BatchOptions, DeviceBatchOptions } from './data/batches';
export type { AugmentationOptions } from './data/augmentation';
export type { CropFlipOptions } from './data/crop-flip';
export { type Dataset, openDataset } from './data/dataset';
export {
  type DatasetDescription,
  type DatasetSummary,
  describeDataset,
} from './data/describe';
export type { OpenOptions } from './data/datasets/format';
export {
  type DeviceBatch,
  type DeviceSaliencyOptions,
  type DownloadOptions,
  uploadBatch,
  type UploadOptions,
} from './device/batch';
export { SaliencyMixError, type ErrorCode } from './errors';
export { applyPlan, type ApplyOptions } from './mix/apply';
export type { DetectionBox } from './mix/box-geometry';
export { mixMethodNames, type MixMethodName } from './mix/index';
export {
  type CallOptions,
  createMixer,
  type DeviceCallOptions,
  type Mixer,
  type PlanOptions,
} from './mix/mixer';
export type { MixKind, MixSample } from './mix/kinds';
export type { MixedBatch } from './mix/mixed';
export { oneOf } from './mix/one-of';
export type { MixerOptions } from './mix/options';
export { placeBox } from './mix/place-box';
export type { MixPlan } from './mix/plan';
export { type Scheme, schemeNames } from './mix/schemes';
export { type Backend, backends } from './native/backends';
export { applyImageOperation, type ImageOperationOptions } from './operations/apply';
export type { FillColor } from './operations/fill';
export { type ImageOperation, imageOperationNames } from './operations/table';
export { saliency, type SaliencyExtremes, type SaliencyOptions, type SaliencyResult } from './saliency/index';
export { type SaliencyMethod, saliencyMethods } from './saliency/methods';
export type {
  ArrayOfDtype,
  Box,
  Dtype,
  ImageBatch,
  Labels,
  Layout,
  MaskBatch,
  OutputFormat,
  Pixels,
  Slots,
} from './types';
