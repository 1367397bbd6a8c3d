/** Recipes: what they set, that what is given goes before them, and that milestones move with the epochs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { train, type TrainOptions } from '../../src/train';
import { learningRateAt } from '../../src/train/schedule';
import { parseTraining } from '../../src/train/train-settings';
import { recipeNames, recipes } from '../../src/train/recipes';
import { workFolder } from './fixtures';

const work = workFolder();

const of = (options: Partial<TrainOptions>) => parseTraining({ data: 'demo', out: 'unused', ...options });

test('the paper’s on CIFAR', () => {
  const { model, epochs, batch, milestones, gamma, optimizer, mean, std, crop, mixer } = of({
    recipe: 'cifar',
  });
  expect({ model, epochs, batch, milestones, gamma, crop }).toEqual({
    model: 'resnet18',
    epochs: 200,
    batch: 128,
    milestones: [60, 120, 160],
    gamma: 0.2,
    crop: 4,
  });
  expect(optimizer).toEqual({ name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 });
  expect([mean[0] * 255, std[2] * 255]).toEqual([expect.closeTo(125.3, 9), expect.closeTo(66.7, 9)]);
  expect([mixer.method, mixer.probability, mixer.alpha]).toEqual(['saliencymix', 0.5, 1]);
});

test('what is given goes before it, and milestones keep their share of the epochs', () => {
  const { epochs, milestones, learningRate, mixer } = of({
    recipe: 'cifar',
    epochs: 30,
    learningRate: 0.05,
    mixer: { method: 'cutmix', probability: 1 },
  });
  expect([epochs, milestones, learningRate]).toEqual([30, [9, 18, 24], 0.05]);
  expect([mixer.method, mixer.probability]).toEqual(['cutmix', 1]);
  const moved = milestones as readonly number[];
  const schedule = {
    learningRate,
    schedule: 'steps',
    epochs,
    milestones: moved,
    gamma: 0.2,
    warmup: 0,
  } as const;
  expect([0, 9, 18, 24].map((epoch) => learningRateAt(schedule, 10 * epoch, 10))).toEqual([
    0.05,
    expect.closeTo(0.01, 12),
    expect.closeTo(0.002, 12),
    expect.closeTo(0.0004, 12),
  ]);
  expect(of({ recipe: 'cifar', milestones: [3] }).milestones).toEqual([3]);
});

test('ImageNet’s, with the size of its images', () => {
  const { mixer, optimizer, ...options } = of({ recipe: 'imagenet' });
  expect(options).toMatchObject({
    model: 'resnet50',
    epochs: 300,
    batch: 256,
    learningRate: 0.1,
    schedule: 'steps',
    milestones: [75, 150, 225],
    gamma: 0.1,
    resizedCrop: true,
    flip: true,
    jitter: 0.4,
    lighting: 0.1,
    size: 224,
    testResize: 256,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  });
  expect(options.crop).toBeUndefined();
  expect(optimizer).toEqual({ name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 1e-4 });
  expect([mixer.method, mixer.probability]).toEqual(['saliencymix', 1]);
  const tiny = of({ recipe: 'tiny-imagenet', epochs: 10 });
  expect([tiny.milestones, tiny.size, tiny.jitter, tiny.testResize]).toEqual([[3, 6, 9], 224, 0.4, 256]);
});

test('the size of test images before they are cropped moves with the size', () => {
  const sizes = (options: Partial<TrainOptions>) => {
    const { size, testResize } = of({ recipe: 'imagenet', ...options });
    return [size, testResize];
  };
  expect(sizes({ size: 112 })).toEqual([112, 128]);
  expect(sizes({ size: [96, 160] })).toEqual([[96, 160], 183]);
  expect(sizes({ size: 'auto' })).toEqual(['auto', undefined]);
  expect(sizes({ size: 112, testResize: 120 })).toEqual([112, 120]);
  expect(sizes({ testResize: 224 })).toEqual([224, 224]);
});

test('a random box takes the place of a recipe’s shift, and can be left out', () => {
  expect(of({ recipe: 'cifar', resizedCrop: true })).toMatchObject({ crop: undefined, resizedCrop: true });
  expect(of({ recipe: 'cifar', resizedCrop: true, crop: 2 }).crop).toBe(2);
  expect(of({ recipe: 'imagenet', resizedCrop: false, jitter: 0 })).toMatchObject({
    resizedCrop: false,
    jitter: 0,
  });
});

test('methods have their own', () => {
  const puzzle = of({ recipe: 'puzzlemix-cifar' });
  expect([puzzle.model, puzzle.mixer.method, puzzle.mixer.saliency]).toEqual([
    'wrn',
    'puzzlemix',
    'gradient',
  ]);
  const { mixer } = of({ recipe: 'cutout-paper' });
  expect([mixer.method, mixer.length, mixer.fill, mixer.probability]).toEqual(['cutout', 16, 'mean', 1]);
});

test.each(recipeNames)('%s is made of options that a run takes', (name) => {
  expect(recipes[name].name).toBe(name);
  expect(of({ recipe: name }).epochs).toBe(recipes[name].learning.epochs);
});

test('a preset goes before a recipe and before what a method has in training', () => {
  const { mixer } = of({ recipe: 'tiny-imagenet-64', mixer: { preset: 'released-exact' } });
  expect([mixer.probability, mixer.saliency]).toEqual([0.5, 'float-bytes']);
  const puzzle = of({ mixer: { method: 'puzzlemix', preset: 'released-exact' } }).mixer;
  expect(puzzle.saliency).toBe('float-bytes');
  expect(of({ mixer: { method: 'puzzlemix', saliency: 'sobel' } }).mixer.saliency).toBe('sobel');
});

test('another optimizer has its own options', () => {
  expect(of({ recipe: 'cifar', optimizer: 'adamw' }).optimizer).toMatchObject({
    name: 'adamw',
    weightDecay: 0.01,
  });
  expect(of({ recipe: 'cifar', momentum: 0 }).optimizer).toMatchObject({ momentum: 0, nesterov: false });
});

test('images that the method cannot take are refused before anything is written', async () => {
  const out = join(work, 'odd');
  const run = train({ data: 'demo', out, size: 33, mixer: { method: 'puzzlemix' }, epochs: 1 });
  await expect(run).rejects.toMatchObject({ code: 'ARGUMENT', argument: 'size' });
  expect(existsSync(out)).toBe(false);
});

test('an unknown one is refused', () => {
  expect(() => of({ recipe: 'cifra' as never })).toThrow(/"cifra"/);
});

test('perClass trains on the first images of each class, and tests on all', async () => {
  const { settings } = await train({
    data: { path: 'demo', demo: { count: 200, size: 16, seed: 2 } },
    holdout: 0.2,
    perClass: 3,
    model: 'resnet',
    layers: [1],
    width: 2,
    stem: 'cifar',
    epochs: 1,
    batch: 8,
    learningRate: 0.01,
    threads: 1,
    out: join(work, 'few'),
  });
  expect(settings.data.images).toBe(3 * settings.classes.length);
  expect(settings.test?.images).toBeGreaterThan(30);
});
