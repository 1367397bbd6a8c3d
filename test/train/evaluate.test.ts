/** Evaluation from a program: what is in the file now, on as many threads as asked for. */
import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createModel, evaluate, train, Trainer } from '../../src/train';
import { colourFolder } from '../cli/colours';
import { closing, workFolder } from './fixtures';

const work = workFolder();
const data = join(work, 'data');
beforeAll(() => colourFolder(data, { test: 12 }));

test('what of the data could not be an item is named, and stops a strict run', async () => {
  const model = createModel('resnet', { layers: [1], width: 4, classes: 3, stem: 'cifar' });
  const path = join(work, 'named.safetensors');
  const options = { batch: 4, image: [16, 16], optimizer: { name: 'sgd' } } as const;
  await closing(await Trainer.create(model, options)).save(path);
  const strayed = join(work, 'strayed');
  cpSync(data, strayed, { recursive: true });
  const [folder] = readdirSync(join(strayed, 'test'));
  const [file] = readdirSync(join(strayed, 'test', folder));
  cpSync(join(strayed, 'test', folder, file), join(strayed, 'test', file));
  const { bad, images } = await evaluate({ model: path, data: strayed, size: 16 });
  expect(images).toBe(12);
  expect(bad).toEqual([
    { file: `test/${file}`, reason: expect.stringMatching(/lies beside the class folders/) },
  ]);
  await expect(evaluate({ model: path, data: strayed, size: 16, strict: true })).rejects.toMatchObject({
    code: 'FILE',
    file: `test/${file}`,
  });
});

test('a model that is written anew is read anew; checkpoint and ONNX agree, on one thread and on two', async () => {
  const model = createModel('resnet', { layers: [1], width: 4, classes: 3, stem: 'cifar' });
  const paths = { onnx: join(work, 'model.onnx'), checkpoint: join(work, 'model.safetensors') };
  const losses: number[] = [];
  for (const seed of [1, 2]) {
    const options = { batch: 5, image: [16, 16], optimizer: { name: 'sgd' }, seed } as const;
    const trainer = closing(await Trainer.create(model, options));
    await trainer.exportOnnx(paths.onnx);
    await trainer.save(paths.checkpoint);
    const { loss } = await evaluate({ model: paths.checkpoint, data, size: 16 });
    for (const threads of [1, 2]) {
      const found = await evaluate({ model: paths.onnx, data, size: 16, threads, batch: 5 });
      expect(found.images).toBe(12);
      expect(found.loss).toBeCloseTo(loss, 5);
    }
    losses.push(loss);
  }
  expect(Math.abs(losses[0] - losses[1])).toBeGreaterThan(1e-3);
});

test('bad files are listed also where a batch holds nothing else, by evaluate and train', async () => {
  const torn = join(work, 'torn');
  await colourFolder(torn, { train: 6, test: 12 });
  const wrong = ['test/blue/003.png', 'test/green/001.png', 'train/red/000.png'];
  for (const file of wrong) writeFileSync(join(torn, file), 'no image');
  const out = join(work, 'torn-out');
  const learning = { model: 'resnet', layers: [1], width: 4, epochs: 1 } as const;
  const mixer = { method: 'none' } as const;
  const { bad: found } = await train({ data: torn, out, batch: 1, mixer, ...learning });
  expect(found.map(({ file }) => file).toSorted()).toEqual(wrong);
  for (const batch of [1, 5]) {
    const done: number[] = [];
    const onProgress = (progress: { done: number }) => done.push(progress.done);
    const { bad, images } = await evaluate({ model: join(out, 'model.onnx'), data: torn, batch, onProgress });
    expect([images, bad.map(({ file }) => file), done.at(-1)]).toEqual([10, wrong.slice(0, 2), 12]);
  }
});
