/** Shapes of plain data that travel between the folders. Layout words: n images, h rows, w columns, c channels. */

/** n images of one size, uint8, NHWC: `data[((i·h + row)·w + column)·c + channel]`, c = 3 (R, G, B) or 1 (gray). */
export interface ImageBatch {
  data: Uint8Array;
  shape: readonly [count: number, height: number, width: number, channels: number];
}

/** n label maps of one size, one whole number per pixel: `data[(i·h + row)·w + column]`; a last dimension of 1 is allowed. */
export interface MaskBatch {
  data: Uint8Array | Int32Array;
  shape:
    | readonly [count: number, height: number, width: number]
    | readonly [count: number, height: number, width: number, one: 1];
}

/** A rectangle of pixels, half open: rows top … bottom − 1, columns left … right − 1. */
export interface Box {
  top: number;
  left: number;
  bottom: number;
  right: number;
}

/** Which images of a batch, as it was cut, are there; the others are holes. What is drawn belongs to slots. */
export interface Slots {
  /** Slot of each image that is there, ascending. */
  readonly of: readonly number[];
  /** How many slots the batch has. */
  readonly count: number;
}

/** Class numbers (n), or soft / multi-label rows (n × classes, row by row). */
export type Labels = Int32Array | Float32Array;

export type Layout = 'NHWC' | 'NCHW';
export type Dtype = 'uint8' | 'float32' | 'float16';

/** How the mixed pixels come back. `mean` and `std` are per channel, in units of [0, 1]: out = (v/255 − mean)/std. */
export interface OutputFormat {
  layout?: Layout;
  dtype?: Dtype;
  mean?: readonly number[];
  std?: readonly number[];
}

/** float16 comes as its bits in a Uint16Array, the form onnxruntime takes. */
export interface Pixels {
  data: Uint8Array | Float32Array | Uint16Array;
  shape: readonly [number, number, number, number];
  layout: Layout;
  dtype: Dtype;
}
