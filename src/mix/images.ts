/** Where the images of a call are, here or in a backend's memory: what is made of them comes to be in the same place. */
import * as check from '../check';
import { imageBatch } from '../check-batch';
import { DeviceBatch, residentOf, sourceOf } from '../device/batch';
import type { NativeTarget } from '../native/binding';
import { allocatePixels, bytesOf, formOf, type PixelForm } from '../native/pixels';
import { Resident } from '../native/resident';
import { hostSource, type Source } from '../native/source';
import type { ImageBatch, Pixels } from '../types';
import type { ResolvedOutput } from './output';

/** What comes out of a call, before it is written. */
export interface Made {
  readonly images: Pixels | DeviceBatch;
  readonly native: NativeTarget;
  readonly resident?: Resident;
}

/** The batch that a call mixes. */
export interface Images {
  readonly source: Source;
  /** Memory for `count` images of its size in a form: `into` where that is given. */
  readonly make: (output: ResolvedOutput, count: number, into?: unknown) => Made;
}

/** @throws SaliencyMixError ARGUMENT where it is neither an image batch nor a device batch of uint8 NHWC, or was freed */
export function imagesOf(batch: unknown): Images {
  return batch instanceof DeviceBatch ? imagesThere(batch) : imagesHere(imageBatch(batch));
}

export function imagesHere(batch: ImageBatch): Images {
  const [, height, width, channels] = batch.shape;
  return {
    source: hostSource(batch),
    make(output, count, into) {
      const images = allocatePixels(formOf([count, height, width, channels], output), into, [batch.data]);
      return { images, native: { images: images.data } };
    },
  };
}

function imagesThere(batch: DeviceBatch): Images {
  const source = sourceOf(batch);
  const [, height, width, channels] = source.shape;
  return {
    source,
    make(output, count, into) {
      const form = formOf([count, height, width, channels], output);
      const resident =
        into === undefined ? new Resident(batch.backend, bytesOf(form)) : memoryIn(into, form, batch);
      const native = { resident: resident.handle('into') };
      return { images: new DeviceBatch(resident, form), native, resident };
    },
  };
}

/** The memory of a device batch that is to be written over. */
function memoryIn(into: unknown, form: PixelForm, input: DeviceBatch): Resident {
  const expected = `another device batch on ${input.backend}, of ${bytesOf(form)} bytes of ${form.dtype}`;
  if (!(into instanceof DeviceBatch)) throw check.invalid('into', expected, into);
  const { backend, bytes, dtype } = into;
  const fits = backend === input.backend && bytes === bytesOf(form) && dtype === form.dtype;
  if (!fits) throw check.invalid('into', expected, `${bytes} bytes of ${dtype} on ${backend}`);
  if (residentOf(into) === residentOf(input)) throw check.invalid('into', expected, 'the input');
  return residentOf(into);
}
