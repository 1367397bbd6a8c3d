/** The window that convolutions and pooling move over an image, and the size of the result. */
import { type Attribute, shapeError, type Value } from '../graph';

export interface Window {
  kernel: readonly [height: number, width: number];
  /** The same in both directions. */
  stride: number;
  /** Rows and columns added on every side: zeros for a convolution, ignored by pooling. */
  padding: number;
}

/** How many windows fit along a side, which is the side of the result. */
const fitting = (side: number, kernel: number, { stride, padding }: Window) =>
  Math.floor((side + 2 * padding - kernel) / stride) + 1;

/** A window as ONNX writes it. */
export const windowAttributes = ({ kernel, stride, padding }: Window) => ({
  kernel_shape: kernel,
  strides: [stride, stride],
  pads: [padding, padding, padding, padding],
});

/** The window that a node's attributes describe. */
export function windowOf(attributes: Readonly<Record<string, Attribute>>): Window {
  const [kernel, strides, pads] = ['kernel_shape', 'strides', 'pads'].map(
    (name) => attributes[name] as number[],
  );
  return { kernel: [kernel[0], kernel[1]], stride: strides[0], padding: pads[0] };
}

/** Height and width of the result of moving a window over x: N×C×H×W. */
export function windowed(op: string, x: Value, window: Window): [number, number] {
  const [height, width] = x.shape.slice(2).map((side, i) => fitting(side, window.kernel[i], window));
  if (x.shape.length !== 4 || height < 1 || width < 1) {
    throw shapeError(op, `a window of ${window.kernel.join(' × ')} does not fit; give larger images`, x);
  }
  return [height, width];
}
