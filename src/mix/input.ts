/**
 * The batch that a call mixes, in this process or in a backend's memory. The result is allocated in the same
 * place.
 */
import * as check from '../check';
import { imageBatch } from '../check-batch';
import { DeviceBatch, residentOf, deviceInput } from '../device/batch';
import type { NativeDestination } from '../native/binding';
import { allocatePixels, bytesOf, formOf, type PixelForm } from '../native/pixels';
import { Resident } from '../native/resident';
import { hostInput, type BatchInput } from '../native/batch-input';
import type { ImageBatch, Pixels } from '../types';
import type { ResolvedOutput } from './output';

/** The result of a mix before native code has written it. */
export interface ResultMemory {
  readonly images: Pixels | DeviceBatch;
  readonly native: NativeDestination;
  readonly resident?: Resident;
}

/** A batch to be mixed, and how memory for the result is made. */
export interface MixInput {
  readonly input: BatchInput;
  /** Memory for `count` images of the batch's size, in the output's form. It is `into`, where that is given. */
  readonly allocateResult: (output: ResolvedOutput, count: number, into?: unknown) => ResultMemory;
}

/** @throws SaliencyMixError ARGUMENT where it is neither an image batch nor a device batch of uint8 NHWC, or was freed */
export function mixInputOf(batch: unknown): MixInput {
  return batch instanceof DeviceBatch ? deviceMixInput(batch) : hostMixInput(imageBatch(batch));
}

function hostMixInput(batch: ImageBatch): MixInput {
  const [, height, width, channels] = batch.shape;
  return {
    input: hostInput(batch),
    allocateResult(output, count, into) {
      const images = allocatePixels(formOf([count, height, width, channels], output), into, [batch.data]);
      return { images, native: { images: images.data } };
    },
  };
}

function deviceMixInput(batch: DeviceBatch): MixInput {
  const input = deviceInput(batch);
  const [, height, width, channels] = input.shape;
  return {
    input,
    allocateResult(output, count, into) {
      const form = formOf([count, height, width, channels], output);
      const resident =
        into === undefined ? new Resident(batch.backend, bytesOf(form)) : memoryIn(into, form, batch);
      const native = { resident: resident.handle('into') };
      return { images: new DeviceBatch(resident, form), native, resident };
    },
  };
}

/** The memory of the device batch `into`, which is overwritten; it must fit, and not be the input's. */
function memoryIn(into: unknown, form: PixelForm, input: DeviceBatch): Resident {
  const expected = `another device batch on ${input.backend}, of ${bytesOf(form)} bytes of ${form.dtype}`;
  if (!(into instanceof DeviceBatch)) throw check.invalid('into', expected, into);
  const { backend, bytes, dtype } = into;
  const fits = backend === input.backend && bytes === bytesOf(form) && dtype === form.dtype;
  if (!fits) throw check.invalid('into', expected, `${bytes} bytes of ${dtype} on ${backend}`);
  if (residentOf(into) === residentOf(input)) throw check.invalid('into', expected, 'the input');
  return residentOf(into);
}
