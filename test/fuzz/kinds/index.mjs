/**
 * The kinds of input. Each has
 *   seeds(folder)            valid inputs, which must be accepted: lists of { name, files, options }, `files` by path;
 *                            `folder` is an empty one to work in
 *   change(random, seed, all) a changed input of the same form; `all` are the seeds
 *   run(folder, options)     takes the files through the package: gives { refused: CODE } or anything else
 */
import { cifar } from './cifar.mjs';
import { avif, gif, jpeg, png, tiff, webp } from './images.mjs';
import { labels } from './labels.mjs';
import { layersKind } from './layers.mjs';
import { npy } from './npy.mjs';
import { onnx } from './onnx.mjs';
import { plan } from './plan.mjs';
import { resume } from './resume.mjs';
import { safetensors } from './safetensors.mjs';
import { tar } from './tar.mjs';

export const kinds = {
  jpeg,
  png,
  tiff,
  webp,
  gif,
  avif,
  tar,
  cifar,
  npy,
  labels,
  plan,
  onnx,
  safetensors,
  resume,
  layers: layersKind,
};
