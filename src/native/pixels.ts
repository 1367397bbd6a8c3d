/** Pixels in one of the forms that results take: how many, of which type, in memory of this process. */
import type { Dtype, Layout, Pixels } from '../types';
import { resultMemory } from './memory';

const TYPES = { uint8: Uint8Array, float32: Float32Array, float16: Uint16Array } as const;
export const dtypes = Object.keys(TYPES) as Dtype[];

/** Pixels without their data; `shape` as the layout orders it. */
export type PixelForm = Omit<Pixels, 'data'>;

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
  return { data, shape, layout, dtype };
}
