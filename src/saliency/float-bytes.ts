/**
 * What the authors' released code takes for saliency: OpenCV's fine-grained method of normalised float32 pixels, whose bytes
 * OpenCV reads as gray values (native/core/saliency/float_bytes.h).
 */
import { runNative } from '../native/call';
import { addon } from '../native/load';
import { allocate } from '../native/memory';
import { CIFAR_MEAN, CIFAR_STD } from '../pixel-statistics';
import type { ImageBatch } from '../types';
import type { MakeMaps } from './make-maps';

const everyImage = ({ shape }: ImageBatch) => Int32Array.from({ length: shape[0] }, (_, i) => i);

export const floatBytesMaps: MakeMaps = async (batch, options, { threads, signal }) => {
  const { mean = CIFAR_MEAN, std = CIFAR_STD, images, result } = options;
  const { data, shape } = batch;
  const [count, height, width, channels] = shape;
  const positions = images === undefined ? everyImage(batch) : Int32Array.from(images);
  const maps = result ?? allocate(Float32Array, count * height * width);
  await runNative(
    (cancel) =>
      addon().floatBytes({
        data,
        count,
        height,
        width,
        channels,
        threads,
        cancel,
        wanted: positions.length,
        positions,
        mean: Float32Array.from(mean),
        std: Float32Array.from(std),
        result: maps,
      }),
    [data],
    signal,
  );
  return maps;
};
