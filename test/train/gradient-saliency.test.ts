/** A run whose saliency is the gradient of the network that it trains: by hand, and stopped and gone on with. */
import { join } from 'node:path';
import { createMixer, openDataset } from '../../src';
import { createModel, Trainer } from '../../src/train';
import { workFolder } from './fixtures';
import { BATCH, data, linesOf, lossesOf, network, RATE, runsIn, SEED, stopped } from './small-runs';

const work = workFolder();
const [mean, std] = [
  [0.485, 0.456, 0.406],
  [0.229, 0.224, 0.225],
];
const run = runsIn(work, { mean, std, mixer: { saliency: 'gradient' } });
const lossesIn = (name: string) => lossesOf(join(work, name));

test.each([
  ['whole', { saliency: 'gradient' }],
  ['puzzle', { method: 'puzzlemix' }], // whose saliency in training is that
  ['guided', { method: 'guidedmixup', saliency: 'gradient' }],
] as const)(
  'each batch is mixed by what the network finds in it after the step before: %s',
  async (name, method) => {
    const { settings } = await run(name, { mixer: method });
    expect(settings.mixer.saliency).toBe('gradient');
    const losses = lossesIn(name);
    expect(losses).toHaveLength(6);

    const dataset = await openDataset(data);
    const classes = dataset.classes.length;
    const model = createModel('resnet', { ...network, classes });
    const optimizer = { name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 } as const;
    const trainer = await Trainer.create(model, {
      batch: BATCH,
      image: [32, 32],
      optimizer,
      seed: SEED,
      threads: 1,
    });
    const mixer = createMixer({ saliency: 'gradient', ...method, classes, seed: SEED });
    const plain = createMixer({ method: 'none', classes });
    const output = { dtype: 'float32', layout: 'NCHW', mean, std } as const;
    const found = [];
    for await (const batch of dataset.batches({ size: 'auto', batch: BATCH, seed: SEED, epoch: 0 })) {
      const seen = await plain.mix(batch.images, batch.labels, { output });
      const maps = await trainer.saliency({ images: seen.images.data, labels: seen.labels });
      const at = { epoch: 0, batch: batch.batch, output };
      const { images, labels } = await mixer.mix(batch.images, batch.labels, { ...at, maps });
      found.push((await trainer.step({ images: images.data, labels, learningRate: RATE })).loss);
    }
    await trainer.close();
    await dataset.close();
    expect(found).toEqual(losses.slice(0, 3));
    for (const { kind, seconds, saliencySeconds } of linesOf(join(work, name)))
      if (kind === 'epoch') expect([saliencySeconds > 0, saliencySeconds < seconds]).toEqual([true, true]);
  },
);

test('a run that was stopped goes on to the same numbers', async () => {
  await stopped(run, 'stopped');
  expect(lossesIn('stopped').length).toBeLessThan(6);
  await run('stopped', { mode: 'resume' });
  expect(lossesIn('stopped')).toEqual(lossesIn('whole'));
});
