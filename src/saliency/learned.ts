/**
 * Learned saliency: any ONNX model that maps N×3×S×S (or N×S×S×3) to one S×S map per image, as BASNet does (Qin
 * et al., CVPR 2019; S = 224). Images are resized to S×S (bilinear; proportions are not kept) and normalised by
 * ImageNet's mean and standard deviation. The maps are resized back to the size of the images. Such models are
 * not scale invariant (paper, 3.3).
 */
import { SaliencyMixError } from '../errors';
import type { NativeFormat } from '../native/binding';
import { runNative } from '../native/call';
import { allocate } from '../native/memory';
import { addon } from '../native/load';
import { type ImageInput, imageInputOf, imageShape, imageValues, tensorInWords } from '../onnx/image-input';
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

function modelError(model: OnnxModel, what: string, tensors: readonly TensorInfo[]): SaliencyMixError {
  const got = tensors.map(tensorInWords).join(', ') || 'nothing';
  return new SaliencyMixError('MODEL', `A saliency model must have ${what}; ${model.path} has ${got}`, {
    file: model.path,
  });
}

/**
 * The layout and side of a model's input, and how many images one run takes. Dimensions that are not fixed get
 * the defaults.
 */
function inputOf(model: OnnxModel): ImageInput & { side: number; atOnce: number } {
  const input = imageInputOf(model.inputs);
  if (!input || input.height !== input.width)
    throw modelError(model, 'a float32 input of N×3×S×S', model.inputs);
  return { ...input, side: input.height ?? DEFAULT_SIDE, atOnce: input.batch ?? IMAGES_PER_RUN };
}

/**
 * Opens a model and checks that its input is that of a saliency model, so that a job fails before it begins.
 * @throws (rejects) SaliencyMixError MODEL
 */
export async function checkSaliencyModel(path: string): Promise<void> {
  inputOf(await openModel(path));
}

/** NCHW to NHWC. */
function interleaved(planes: Float32Array, area: number): Float32Array {
  const pixels = allocate(Float32Array, planes.length);
  for (let at = 0; at < planes.length; at += 3 * area) {
    for (let i = 0; i < area; i++) {
      for (let c = 0; c < 3; c++) pixels[at + 3 * i + c] = planes[at + c * area + i];
    }
  }
  return pixels;
}

/** Height and width of a map: the last sides, but for a last one of channels, of which there is one. */
function mapSides(shape: readonly number[]): readonly number[] {
  const channelsLast = shape.length === 4 && shape[3] === 1 && shape[1] !== 1;
  return channelsLast ? shape.slice(1, 3) : shape.slice(-2);
}

/**
 * Runs the model on `count` images from `start` on. A model with a larger, fixed batch gets zeros for the rest.
 */
async function runModel(model: OnnxModel, batch: ImageBatch, start: number, count: number, threads: number) {
  const wanted = inputOf(model);
  const { side, atOnce } = wanted;
  const [, height, width, channels] = batch.shape;
  const imageBytes = height * width * channels;
  const data = batch.data.subarray(start * imageBytes, (start + count) * imageBytes);
  const size = wanted.batch === undefined ? count : atOnce;
  const planes = allocate(Float32Array, imageValues(model.path, size, [side, side]));
  const used = planes.subarray(0, count * 3 * side * side);
  const call = { threads, data, count, height, width, channels, size: side, ...FORMAT, input: used };
  await runNative(() => addon().modelInput(call), [data]);
  const input = wanted.layout === 'NCHW' ? planes : interleaved(planes, side * side);
  const { data: maps, shape } = await model.run(input, imageShape(wanted, size, [side, side]));
  const [rows, cols] = mapSides(shape);
  if (shape.length < 3 || maps.length !== size * rows * cols) {
    const tensor = { name: model.outputs[0].name, type: model.outputs[0].type, shape };
    throw modelError(model, 'one map per image (N×1×S×S) as its first output', [tensor]);
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
