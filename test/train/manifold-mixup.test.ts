/** A run that mixes within the network: its draws, by hand, stopped and gone on with, and what is refused. */
import { join } from 'node:path';
import { createMixer, type MixPlan, openDataset } from '../../src';
import { createModel, type TrainOptions } from '../../src/train';
import { drawStage, hiddenMixOf } from '../../src/train/manifold-mixup';
import { smallTrainer, workFolder } from './fixtures';
import { BATCH, data, linesOf, network, RATE, runsIn, SEED, stopped } from './small-runs';

const work = workFolder();
const run = runsIn(work, { manifoldMixup: true });
const stepsOf = (name: string) =>
  linesOf(join(work, name))
    .filter(({ kind }) => kind === 'step')
    .map(({ loss, accuracy }) => ({ loss, accuracy }));

test('in front of the first layer it is mixup with the same draws, to the bit', async () => {
  await run('input', { manifoldMixup: ['input'] });
  await run('mixup', {
    manifoldMixup: undefined,
    mixer: { method: 'mixup', alpha: 2, per: 'batch' },
  });
  expect(stepsOf('input')).toHaveLength(6);
  expect(stepsOf('input')).toEqual(stepsOf('mixup'));
});

test('the steps are those that its draws say', async () => {
  const { settings } = await run('whole');
  expect(settings.manifoldMixup).toEqual(['input', 'layer1', 'layer2']);
  const dataset = await openDataset(data);
  const classes = dataset.classes.length;
  const trainer = await smallTrainer(
    { batch: BATCH, image: [32, 32], seed: SEED, optimizer: settings.optimizer },
    createModel('resnet', { ...network, classes }),
  );
  const mixer = createMixer({ method: 'mixup', alpha: 2, per: 'batch', seed: SEED, classes });
  const plain = createMixer({ method: 'none', classes });
  const { mean, std } = settings;
  const output = { dtype: 'float32', layout: 'NCHW', mean, std } as const;
  const found = [];
  const stages = [];
  for await (const batch of dataset.batches({ size: 'auto', batch: BATCH, seed: SEED, epoch: 0 })) {
    const at = { epoch: 0, batch: batch.batch };
    const stage = drawStage(['input', 'layer1', 'layer2'], SEED, at);
    stages.push(stage);
    const isInput = stage === 'input';
    const { samples } = await mixer.plan(batch.images, at);
    const { images, labels } = await (isInput ? mixer : plain).mix(batch.images, batch.labels, {
      ...at,
      output,
    });
    const hidden = { stage, partners: samples.map(({ source }) => source), lambda: samples[0].lambda };
    const given = { images: images.data, labels, hidden: isInput ? undefined : hidden };
    found.push((await trainer.step({ ...given, learningRate: RATE })).loss);
  }
  await dataset.close();
  expect(new Set(stages).size).toBeGreaterThan(1);
  expect(found).toEqual(
    stepsOf('whole')
      .slice(0, 3)
      .map(({ loss }) => loss),
  );
});

test('a run that was stopped goes on to the same numbers', async () => {
  await stopped(run, 'stopped');
  expect(stepsOf('stopped').length).toBeLessThan(6);
  await expect(run('stopped', { mode: 'resume', manifoldMixup: ['layer1'] })).rejects.toThrow(
    /manifoldMixup/,
  );
  await run('stopped', { mode: 'resume' });
  expect(stepsOf('stopped')).toEqual(stepsOf('whole'));
});

test('each stage is drawn as often as the others', () => {
  const counts = new Map<string, number>();
  for (let batch = 0; batch < 3000; batch++) {
    const stage = drawStage(['a', 'b', 'c'], 1, { epoch: batch % 7, batch });
    counts.set(stage, (counts.get(stage) ?? 0) + 1);
  }
  // Four deviations of a count are 4·√(3000·1/3·2/3) = 103.
  for (const stage of ['a', 'b', 'c'])
    expect(Math.abs((counts.get(stage) as number) - 1000)).toBeLessThan(103);
});

test('where images are missing each is mixed with another one all the same, and is in one pair only', () => {
  const samples = [3, 3, 0, 0, 2].map((source, target) => ({ kind: 'blend', source, target, lambda: 0.4 }));
  const plan = { samples } as unknown as MixPlan;
  expect(hiddenMixOf(plan, 'layer1')).toEqual({ stage: 'layer1', partners: [3, 1, 0, 4, 2], lambda: 0.4 });
  const kept = { samples: samples.map((one) => ({ ...one, kind: 'keep' })) } as unknown as MixPlan;
  expect(hiddenMixOf(kept, 'layer1')).toBeUndefined();
});

test.each<[string, Partial<TrainOptions>, RegExp]>([
  ['a stage that the model has not', { manifoldMixup: ['layer3'] }, /layer3/],
  ['a stage twice', { manifoldMixup: ['layer1', 'layer1'] }, /each once/],
  ['no stage', { manifoldMixup: [] }, /each once/],
  ['another method beside it', { mixer: { method: 'cutmix' } }, /with manifoldMixup for mixer\.method/],
  ['a share for each image', { mixer: { per: 'sample' } }, /with manifoldMixup for mixer\.per/],
  ['labels by another rule', { mixer: { labelRule: 'mask' } }, /with manifoldMixup for mixer\.labelRule/],
  ['options of the mixer that are none', { mixer: 3 as never }, /mixer options/],
])('refused: %s', async (name, options, message) => {
  await expect(run(`refused ${name}`, options)).rejects.toMatchObject({
    code: 'ARGUMENT',
    message: expect.stringMatching(message) as string,
  });
});
