/** The forms of pixels (shape, layout, dtype) and memory for them in this process. */
import type { Dtype, Layout, Pixels } from '../types';
import { resultMemory } from './memory';

const TYPES = { uint8: Uint8Array, float32: Float32Array, float16: Uint16Array } as const;
export const dtypes = Object.keys(TYPES) as Dtype[];

/** The form of pixels; `shape` is in the order that `layout` says. */
export type PixelForm<D extends Dtype = Dtype> = Omit<Pixels<D>, 'data'> & { dtype: D };

/** The form of n images of h × w pixels with c channels. */
export function formOf(
  [n, h, w, c]: readonly [n: number, h: number, w: number, c: number],
  { layout, dtype }: { layout: Layout; dtype: Dtype },
): PixelForm {
  return { shape: layout === 'NCHW' ? [n, c, h, w] : [n, h, w, c], layout, dtype };
}

const lengthOf = ({ shape }: PixelForm) => shape.reduce((product, side) => product * side);

export const bytesOf = (form: PixelForm) => lengthOf(form) * TYPES[form.dtype].BYTES_PER_ELEMENT;

/** Memory for pixels: `into` where that is given, which must not overlap the `inputs`. */
export function allocatePixels(
  form: PixelForm,
  into?: unknown,
  inputs: readonly ArrayBufferView[] = [],
): Pixels {
  const { shape, layout, dtype } = form;
  const data = resultMemory<Pixels['data']>(TYPES[dtype], lengthOf(form), into, inputs);
  return { data, shape, layout, dtype } as Pixels;
}
