/** Mixing of images whose colours are changed: by the processor, in float. Placing, and finding masks, is that of the images as they are. */
import { runNative } from '../native/call';
import { addon } from '../native/load';
import type { NativeDestination, NativeFormat, NativeSamples } from '../native/binding';
import { maskedCall } from './masked';
import type { NativeContext } from './place';
import type { Placed } from './records';

/**
 * Mixes images by placed samples or by masks, each image with its own colours, into memory of any form but bytes, and in any place.
 */
export async function mixColoured(
  context: NativeContext,
  records: NativeSamples,
  { images, masks }: Placed,
  colours: Float64Array,
  output: NativeFormat & NativeDestination,
): Promise<void> {
  const { input, backend, threads, signal } = context;
  const { data, shape } = images ?? (await input.toHost(context));
  const [count, height, width, channels] = shape;
  const call = { data, count, height, width, channels, backend, threads, colours, output };
  await runNative(
    (cancel) =>
      masks
        ? addon().mixColouredMasked({ ...call, ...maskedCall(records, masks), cancel })
        : addon().mixColoured({ ...call, ...samplesOf(records), cancel }),
    [data],
    signal,
  );
}

const samplesOf = ({ samples, ints, doubles }: NativeSamples): NativeSamples => ({ samples, ints, doubles });
