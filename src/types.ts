/**
 * Types of the plain data that all folders share. In shapes, n counts images, h rows, w columns and c channels.
 */

/** n images of one size, uint8, NHWC: `data[((i·h + row)·w + column)·c + channel]`, c = 3 (R, G, B) or 1 (gray). */
export interface ImageBatch {
  data: Uint8Array;
  shape: readonly [count: number, height: number, width: number, channels: number];
}

/**
 * n label maps of one size, one whole number per pixel: `data[(i·h + row)·w + column]`. int32 maps may have a
 * last dimension of 1; `applyPlan` takes uint8 data of four dimensions for an image batch.
 */
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

/**
 * Which images of a batch could be loaded. A batch is cut from the data set with `count` slots; an image that
 * cannot be read leaves its slot empty. Random draws belong to slots, so an empty one changes nothing for the
 * other images.
 */
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

/** The array that each dtype comes in. float16 values are bits in a Uint16Array, as onnxruntime takes them. */
export interface ArrayOfDtype {
  uint8: Uint8Array;
  float32: Float32Array;
  float16: Uint16Array;
}

/**
 * The form of the mixed pixels: uint8 NHWC unless given. float32 and float16 are (v/255 − mean)/std; `mean` and
 * `std` have one number per channel, in units of [0, 1], and are 0 and 1 unless given. uint8 takes neither.
 */
export interface OutputFormat<D extends Dtype = Dtype> {
  layout?: Layout;
  /** uint8 unless given. */
  dtype?: D;
  mean?: readonly number[];
  std?: readonly number[];
}

interface PixelsOf<D extends Dtype> {
  data: ArrayOfDtype[D];
  /** [n, h, w, c] where the layout is NHWC, [n, c, h, w] where it is NCHW. */
  shape: readonly [number, number, number, number];
  layout: Layout;
  dtype: D;
}

/** Pixels of a dtype, or of one of several: then `dtype` tells which array `data` is. */
export type Pixels<D extends Dtype = Dtype> = { [One in D]: PixelsOf<One> }[D];

/**
 * The AbortSignal of Node's types or the browser's, whichever the program has, and of one that has neither anything: so
 * that the types of this package need no globals but the language's own.
 */
export interface Signal extends GlobalSignal {}

type GlobalSignal = typeof globalThis extends { AbortSignal: { prototype: infer Known extends object } }
  ? Known
  : object;

/** What `using` asks for, where the program's types have it. */
export type Disposing = SymbolConstructor extends { readonly dispose: infer Dispose extends symbol }
  ? { readonly [Key in Dispose]: () => void }
  : object;
