/**
 * Learned saliency: any ONNX model that maps N×3×S×S to one S×S map per image, as BASNet does (Qin et al., CVPR
 * 2019; S = 224). Images are resized to S×S (bilinear; proportions are not kept) and normalised by ImageNet's
 * mean and standard deviation. The maps are resized back to the size of the images. Such models are not scale
 * invariant (paper, 3.3).
 */
import { SaliencyMixError } from '../errors';
import type { NativeFormat } from '../native/binding';
import { runNative } from '../native/call';
import { allocate } from '../native/memory';
import { addon } from '../native/load';
import type { TensorInfo } from '../onnx/ort-worker';
import { type OnnxModel, openModel } from '../onnx/session';
import type { ImageBatch } from '../types';

interface RunOptions {
  threads: number;
  signal?: AbortSignal;
}

/** Side of the input of a model that takes any size. */
const DEFAULT_SIDE = 224;
/** Images in one run of a model that takes any number. It bounds the memory of the worker thread. */
const IMAGES_PER_RUN = 16;

const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];
const FORMAT: NativeFormat = {
  nchw: 1,
  dtype: 1,
  offset: Float32Array.from(MEAN, (mean) => 255 * mean),
  scale: Float32Array.from(STD, (std) => 1 / (255 * std)),
};

function modelError(model: OnnxModel, what: string, tensor: TensorInfo | undefined): SaliencyMixError {
  const got = tensor
    ? `${tensor.name}: ${tensor.type} [${tensor.shape.map((side) => side ?? '?').join(', ')}]`
    : 'nothing';
  return new SaliencyMixError('MODEL', `A saliency model must have ${what}; ${model.path} has ${got}`, {
    file: model.path,
  });
}

/**
 * The side of a model's input, and how many images one run takes. Dimensions that are not fixed get the
 * defaults.
 */
function inputOf(model: OnnxModel): { side: number; atOnce: number } {
  const input = model.inputs[0];
  const [batch, channels, rows, cols] = input?.shape ?? [];
  const fits =
    input?.type === 'float32' && input.shape.length === 4 && (channels ?? 3) === 3 && rows === cols;
  if (!fits) throw modelError(model, 'a float32 input of N×3×S×S', input);
  return { side: rows ?? DEFAULT_SIDE, atOnce: batch ?? IMAGES_PER_RUN };
}

/**
 * Opens a model and checks that its input is that of a saliency model, so that a job fails before it begins.
 * @throws (rejects) SaliencyMixError MODEL
 */
export async function checkSaliencyModel(path: string): Promise<void> {
  inputOf(await openModel(path));
}

/**
 * Runs the model on `count` images from `start` on. A model with a larger, fixed batch gets zeros for the rest.
 */
async function runModel(model: OnnxModel, batch: ImageBatch, start: number, count: number, threads: number) {
  const { side, atOnce } = inputOf(model);
  const [, height, width, channels] = batch.shape;
  const imageBytes = height * width * channels;
  const data = batch.data.subarray(start * imageBytes, (start + count) * imageBytes);
  const size = model.inputs[0].shape[0] === undefined ? count : atOnce;
  const input = allocate(Float32Array, size * 3 * side * side);
  const used = input.subarray(0, count * 3 * side * side);
  const call = { threads, data, count, height, width, channels, size: side, ...FORMAT, input: used };
  await runNative(() => addon().modelInput(call), [data]);
  const { data: maps, shape } = await model.run(input, [size, 3, side, side]);
  const [rows, cols] = shape.slice(-2);
  if (shape.length < 3 || maps.length !== size * rows * cols) {
    const tensor = { name: model.outputs[0].name, type: 'float32', shape };
    throw modelError(model, 'one map per image (N×1×S×S) as its first output', tensor);
  }
  return { maps: maps.subarray(0, count * rows * cols), rows, cols };
}

/**
 * Maps of a batch: n × h × w, in the model's own units.
 * @throws (rejects) SaliencyMixError MODEL; the signal's reason when aborted between runs
 */
export async function learnedMaps(
  batch: ImageBatch,
  path: string,
  { threads, signal }: RunOptions,
): Promise<Float32Array> {
  const model = await openModel(path);
  const { atOnce } = inputOf(model);
  const [images, height, width] = batch.shape;
  const result = allocate(Float32Array, images * height * width);
  for (let start = 0; start < images; start += atOnce) {
    signal?.throwIfAborted();
    const count = Math.min(atOnce, images - start);
    const found = await runModel(model, batch, start, count, threads);
    const part = result.subarray(start * height * width, (start + count) * height * width);
    await runNative(() => addon().resizeMaps({ threads, count, ...found, height, width, result: part }), []);
  }
  return result;
}

/** Maps of a batch with their peaks and lows; of equal values the first in row-major order. */
export async function learnedSaliency(batch: ImageBatch, path: string, options: RunOptions) {
  const [count, height, width] = batch.shape;
  const maps = await learnedMaps(batch, path, options);
  const peaks = allocate(Int32Array, 2 * count);
  const lows = allocate(Int32Array, 2 * count);
  await runNative(
    () => addon().extremes({ threads: options.threads, count, height, width, maps, peaks, lows }),
    [],
  );
  return { maps, peaks, lows };
}
