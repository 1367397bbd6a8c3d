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

interface PerChannel {
  usual: number;
  isValid: (value: number) => boolean;
  wanted: string;
}

const MEAN: PerChannel = {
  usual: 0,
  isValid: (value) => value >= 0 && value <= 1,
  wanted: 'numbers from 0 to 1 (means of pixels of 0 to 255 divided by 255)',
};
const STD: PerChannel = { usual: 1, isValid: (value) => value > 0, wanted: 'positive numbers' };

function perChannel(
  value: unknown,
  argument: string,
  channels: number,
  { usual, isValid, wanted }: PerChannel,
): number[] {
  if (value === undefined) return [usual, usual, usual];
  const isOne = (v: unknown) => typeof v === 'number' && Number.isFinite(v) && isValid(v);
  if (!Array.isArray(value) || value.length !== channels || !value.every(isOne))
    throw check.invalid(argument, `${channels} ${wanted}, one per channel`, value);
  return [...(value as number[]), usual, usual].slice(0, 3);
}

const outputOptions = {
  layout: named(['NHWC', 'NCHW'], { default: 'NHWC' }),
  dtype: named(dtypes, { default: 'uint8' }),
  mean: later<unknown>(),
  std: later<unknown>(),
};

/**
 * Checks an output format and adds defaults: NHWC, uint8, mean 0, std 1. `mean`, of [0, 1], and `std` need one number per
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
  const mean = perChannel(values.mean, 'output.mean', channels, MEAN);
  const std = perChannel(values.std, 'output.std', channels, STD);
  const native: NativeFormat = {
    nchw: layout === 'NCHW' ? 1 : 0,
    dtype: dtypes.indexOf(dtype),
    offset: Float32Array.from(mean, (m) => 255 * m),
    scale: Float32Array.from(std, (s) => 1 / (255 * s)),
  };
  return { layout, dtype, native };
}
