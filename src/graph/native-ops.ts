/**
 * Operators of this package, which only the native engine knows (native/ort/operators). Images are N×H×W×C, weights
 * h×w×C×O: the kernel's height and width, the input channels of a group, the output channels.
 */
import { type Attribute, type Shape, shapeError, type Value } from './graph';

/** Their domain in ONNX files. */
export const NATIVE_DOMAIN = 'saliencymix';

const native = (
  name: string,
  inputs: readonly (Value | undefined)[],
  attributes: Record<string, Attribute>,
  shapes: readonly Shape[],
): Value[] => {
  const { graph } = inputs[0] as Value;
  return graph.node(
    `${NATIVE_DOMAIN}:${name}`,
    inputs,
    attributes,
    shapes.map((shape) => ({ shape })),
  );
};

type Pair = readonly [vertical: number, horizontal: number];

export interface NativeWindow {
  stride: Pair;
  /** Rows and columns of zeros around the image. */
  padding: readonly [top: number, left: number, bottom: number, right: number];
  /** The distance between elements of the kernel. */
  dilation: Pair;
  /** Divides both numbers of channels. */
  groups: number;
}

const attributesOf = ({ stride, padding, dilation, groups }: NativeWindow) => ({
  strides: stride,
  pads: padding,
  dilations: dilation,
  group: groups,
});

/** Height and width of a convolution's result. */
function outSize(size: Pair, kernel: Pair, { stride, padding, dilation }: NativeWindow): Pair {
  const side = (axis: 0 | 1) => {
    const around = size[axis] + padding[axis] + padding[axis + 2];
    return Math.floor((around - (kernel[axis] - 1) * dilation[axis] - 1) / stride[axis]) + 1;
  };
  return [side(0), side(1)];
}

const sizeIn = ({ shape }: Value): Pair => [shape[1], shape[2]];

/** Convolution. x: N×H×W×C, w: h×w×C/groups×O, bias: O → N×H'×W'×O. */
export function conv(x: Value, w: Value, bias: Value | undefined, window: NativeWindow): Value {
  const [height, width, channels, out] = w.shape;
  if (x.shape.length !== 4 || x.shape[3] !== channels * window.groups)
    throw shapeError('Conv', 'channels differ', x, w);
  const size = outSize(sizeIn(x), [height, width], window);
  if (size.some((side) => side < 1)) throw shapeError('Conv', 'the kernel does not fit', x, w);
  const inputs = bias ? [x, w, bias] : [x, w];
  return native('Conv', inputs, attributesOf(window), [[x.shape[0], ...size, out]])[0];
}

/** The gradient of a convolution's input, of height × width. dy: N×H'×W'×O → N×height×width×C. */
export function convInputGradient(dy: Value, w: Value, window: NativeWindow, size: Pair): Value {
  const shape = [dy.shape[0], ...size, w.shape[2] * window.groups];
  return native('ConvInputGradient', [dy, w], { ...attributesOf(window), size }, [shape])[0];
}

/** The gradients of a convolution's weights and of its bias. */
export function convWeightGradient(
  x: Value,
  dy: Value,
  window: NativeWindow,
  kernel: Pair,
): { weights: Value; bias: Value } {
  const out = dy.shape[3];
  const shapes = [[...kernel, x.shape[3] / window.groups, out], [out]];
  const attributes = { ...attributesOf(window), kernel };
  const [weights, bias] = native('ConvWeightGradient', [x, dy], attributes, shapes);
  return { weights, bias };
}
