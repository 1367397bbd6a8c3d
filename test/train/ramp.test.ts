/** A run with DropBlock and stochastic depth: by hand, with the chances rising from step to step; and stopped and gone on with. */
import { join } from 'node:path';
import { createMixer, openDataset } from '../../src';
import { createModel, Trainer } from '../../src/train';
import { workFolder } from './fixtures';
import { BATCH, data, lossesOf, network, RATE, runsIn, SEED, stopped } from './small-runs';

const work = workFolder();
const [mean, std] = [
  [0.485, 0.456, 0.406],
  [0.229, 0.224, 0.225],
];
const dropped = { dropBlock: 0.5, dropBlockSize: 3, stochasticDepth: 0.5 } as const;
const run = runsIn(work, { mean, std, mixer: { method: 'none' }, ...dropped });
const STEPS = 6;

/** The losses of the run's steps, each learned when `progressAt` says that so much of the run is done. */
async function byHand(progressAt: (done: number) => number): Promise<number[]> {
  const dataset = await openDataset(data);
  const classes = dataset.classes.length;
  const trainer = await Trainer.create(createModel('resnet', { ...network, ...dropped, classes }), {
    batch: BATCH,
    image: [32, 32],
    optimizer: { name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
    seed: SEED,
    threads: 1,
  });
  const mixer = createMixer({ method: 'none', classes });
  const output = { dtype: 'float32', layout: 'NCHW', mean, std } as const;
  const losses: number[] = [];
  for (const epoch of [0, 1]) {
    for await (const batch of dataset.batches({ size: 'auto', batch: BATCH, seed: SEED, epoch })) {
      const { images, labels } = await mixer.mix(batch.images, batch.labels, { output });
      const progress = progressAt(losses.length);
      const step = { images: images.data, labels, learningRate: RATE, progress };
      losses.push((await trainer.step(step)).loss);
    }
  }
  await trainer.close();
  await dataset.close();
  return losses;
}

test('each step has the chances of the share of the run that is done', async () => {
  await run('whole');
  const losses = lossesOf(join(work, 'whole'));
  expect(losses).toHaveLength(STEPS);
  expect(await byHand((done) => done / STEPS)).toEqual(losses);
  expect(await byHand(() => 1)).not.toEqual(losses);
});

test('a run that was stopped goes on to the same numbers', async () => {
  await stopped(run, 'stopped');
  expect(lossesOf(join(work, 'stopped')).length).toBeLessThan(STEPS);
  await run('stopped', { mode: 'resume' });
  expect(lossesOf(join(work, 'stopped'))).toEqual(lossesOf(join(work, 'whole')));
});
