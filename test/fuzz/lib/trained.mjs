/** Two small trained networks' files, and images to evaluate on. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { trainApi } from './api.mjs';
import { small } from './pictures.mjs';

const { createModel, Trainer } = trainApi;

/** Files of a network of few weights: checkpoint, weights and ONNX. */
export async function trainedFiles(folder) {
  mkdirSync(folder, { recursive: true });
  const net = createModel('resnet', { layers: [1, 1, 1], width: 2, classes: 2, stem: 'cifar' });
  const trainer = await Trainer.create(net, {
    batch: 2,
    image: [8, 8],
    optimizer: { name: 'sgd' },
    threads: 1,
    seed: 3,
  });
  const path = (name) => join(folder, name);
  await trainer.save(path('checkpoint.safetensors'));
  await trainer.exportSafetensors(path('weights.safetensors'));
  await trainer.exportOnnx(path('model.onnx'));
  await trainer.close();
  return Object.fromEntries(
    ['checkpoint.safetensors', 'weights.safetensors', 'model.onnx'].map((name) => [
      name,
      readFileSync(path(name)),
    ]),
  );
}

/** A trainer of the same network, made once. */
let kept;
export const trainer = () =>
  (kept ??= Trainer.create(
    createModel('resnet', { layers: [1, 1, 1], width: 2, classes: 2, stem: 'cifar' }),
    {
      batch: 2,
      image: [8, 8],
      optimizer: { name: 'sgd' },
      threads: 1,
    },
  ));

/** A folder of three images in two classes. */
export async function imageFolder(folder) {
  for (const [i, name] of ['cat/1.png', 'cat/2.png', 'dog/1.png'].entries()) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), await small(i));
  }
  return folder;
}
