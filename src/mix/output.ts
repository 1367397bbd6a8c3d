/** The option `output`, the form of the mixed pixels: checked, and turned into what native code reads. */
import * as check from '../check';
import type { NativeFormat, NativeDestination } from '../native/binding';
import { dtypes } from '../native/pixels';
import { later, named, parse } from '../option';
import type { Dtype, Layout } from '../types';

export interface ResolvedOutput {
  layout: Layout;
  dtype: Dtype;
  native: NativeFormat;
}

/** The native argument for pixels of a form, written to some memory. */
export function outputTo(
  { nchw, dtype, offset, scale }: NativeFormat,
  { images, resident }: NativeDestination,
): NativeFormat & NativeDestination {
  return { nchw, dtype, offset, scale, images, resident };
}

function perChannel(
  value: unknown,
  argument: string,
  channels: number,
  byDefault: number,
  positive: boolean,
): number[] {
  if (value === undefined) return [byDefault, byDefault, byDefault];
  const isValid = (v: unknown) => typeof v === 'number' && Number.isFinite(v) && (!positive || v > 0);
  if (!Array.isArray(value) || value.length !== channels || !value.every(isValid)) {
    throw check.invalid(
      argument,
      `${channels} ${positive ? 'positive' : 'finite'} numbers, one per channel`,
      value,
    );
  }
  return [...(value as number[]), byDefault, byDefault].slice(0, 3);
}

const outputOptions = {
  layout: named(['NHWC', 'NCHW'], { default: 'NHWC' }),
  dtype: named(dtypes, { default: 'uint8' }),
  mean: later<unknown>(),
  std: later<unknown>(),
};

/**
 * Checks an output format and adds defaults: NHWC, uint8, mean 0, std 1. `mean` and `std` need one number per
 * channel. A float is (v/255 − mean)/std, computed in float32 as (v − offset)·scale with offset 255·mean and
 * scale 1/(255·std).
 * @throws SaliencyMixError ARGUMENT
 */
export function resolveOutput(given: unknown, channels: number): ResolvedOutput {
  const values = parse(outputOptions, given, 'output', 'output.');
  const { layout, dtype } = values;
  if (dtype === 'uint8' && (values.mean !== undefined || values.std !== undefined)) {
    throw check.invalid('output.dtype', '"float32" or "float16" where mean or std is given', dtype);
  }
  const mean = perChannel(values.mean, 'output.mean', channels, 0, false);
  const std = perChannel(values.std, 'output.std', channels, 1, true);
  const native: NativeFormat = {
    nchw: layout === 'NCHW' ? 1 : 0,
    dtype: dtypes.indexOf(dtype),
    offset: Float32Array.from(mean, (m) => 255 * m),
    scale: Float32Array.from(std, (s) => 1 / (255 * s)),
  };
  return { layout, dtype, native };
}
