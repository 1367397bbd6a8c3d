/** What an ONNX model takes: whether its input is a batch of images, in which layout, and which sides are fixed. */
import { SaliencyMixError } from '../errors';
import type { Layout } from '../types';
import type { TensorInfo } from './ort-worker';

export interface ImageInput {
  name: string;
  layout: Layout;
  /** Those that are fixed: how many images at once, and their size. */
  batch?: number;
  height?: number;
  width?: number;
}

/** What the worker makes of float32. */
const FLOATS = ['float32', 'float16', 'float64'];

/**
 * The one input of a model as a batch of RGB images: N×3×H×W, or N×H×W×3 where the second side cannot be the channels and
 * the last is 3. Nothing where it is not one.
 */
export function imageInputOf(inputs: readonly TensorInfo[]): ImageInput | undefined {
  const [{ name, type, shape } = { name: '', type: '', shape: [] }] = inputs;
  if (inputs.length !== 1 || !FLOATS.includes(type) || shape.length !== 4) return undefined;
  const [batch, second, third, last] = shape;
  if (second === 3 || (second === undefined && last !== 3))
    return { name, layout: 'NCHW', batch, height: third, width: last };
  return last === 3 ? { name, layout: 'NHWC', batch, height: second, width: third } : undefined;
}

/** The shape of a batch in a model's layout. */
export const imageShape = (
  { layout }: ImageInput,
  count: number,
  [height, width]: readonly number[],
): number[] => (layout === 'NCHW' ? [count, 3, height, width] : [count, height, width, 3]);

/** 4 GiB of float32. */
const MOST_VALUES = 1 << 30;

/**
 * Numbers in a batch of images.
 * @throws SaliencyMixError MODEL for more than can be held: a model may have any number in the shape of its input
 */
export function imageValues(path: string, count: number, [height, width]: readonly number[]): number {
  const values = count * 3 * height * width;
  if (values <= MOST_VALUES) return values;
  const what = `${path} takes ${count} images of ${height} × ${width} pixels at once: more than the 4 GiB that are given to a model`;
  throw new SaliencyMixError('MODEL', what, { file: path });
}

/** A tensor in words: `x: float32 [?, 3, 224, 224]`. */
export const tensorInWords = ({ name, type, shape }: TensorInfo): string =>
  `${name}: ${type} [${shape.map((side) => side ?? '?').join(', ')}]`;
