/** Several steps in one run of ONNX Runtime: the same bits as one at a time, whatever is asked for between them. */
import type { StepResult, Trainer, TrainerOptions } from '../../src/train';
import { dropoutModel, smallBatch, smallModel, smallTrainer, stateOf } from './fixtures';

const optimizers: Record<string, TrainerOptions['optimizer']> = {
  sgd: { name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
  adamw: { name: 'adamw' },
};

/** Asked for at once; every second batch is short, and rates differ. */
function askFor(trainer: Trainer, counts: readonly number[]): Promise<PromiseSettledResult<StepResult>[]> {
  return Promise.allSettled(
    counts.map((count, i) => trainer.step({ ...smallBatch(i, count), learningRate: 0.01 * (i + 1) })),
  );
}

const told = (results: PromiseSettledResult<StepResult>[]) =>
  results.map((result) =>
    result.status === 'fulfilled'
      ? { loss: result.value.loss, logits: [...result.value.logits] }
      : (result.reason as Error).message,
  );

describe.each(Object.keys(optimizers))('%s', (name) => {
  const optimizer = optimizers[name];

  test.each([2, 3, 16])('%i at most, of nine that are asked for at once', async (stepsPerRun) => {
    const counts = [6, 6, 6, 6, 2, 2, 6, 6, 6];
    const one = await smallTrainer({ optimizer });
    const several = await smallTrainer({ optimizer, stepsPerRun });
    expect(told(await askFor(several, counts))).toEqual(told(await askFor(one, counts)));
    expect(await stateOf(several)).toEqual(await stateOf(one));
    expect(several.steps).toBe(9);
  });
});

test('dropout has a mask of its own for every step', async () => {
  const one = await smallTrainer({}, dropoutModel());
  const several = await smallTrainer({ stepsPerRun: 4 }, dropoutModel());
  const counts = [6, 6, 6, 6, 6];
  expect(told(await askFor(several, counts))).toEqual(told(await askFor(one, counts)));
});

test('what is asked for between two steps sees the weights between them', async () => {
  const between = async (stepsPerRun: number) => {
    const trainer = await smallTrainer({ stepsPerRun });
    const first = trainer.step({ ...smallBatch(0), learningRate: 0.1 });
    const predicted = trainer.predict(smallBatch('predict').images);
    const second = trainer.step({ ...smallBatch(1), learningRate: 0.1 });
    return [(await first).loss, ...(await predicted), (await second).loss];
  };
  expect(await between(8)).toEqual(await between(1));
});

test('a step that fails among others is the only one that does, and changes nothing', async () => {
  const run = async (stepsPerRun: number) => {
    const trainer = await smallTrainer({ stepsPerRun }, smallModel());
    const asked = [0, 1, 2, 3, 4].map((i) => {
      const batch = smallBatch(i);
      if (i === 2) batch.images[7] = NaN;
      return trainer.step({ ...batch, learningRate: 0.05 });
    });
    const results = told(await Promise.allSettled(asked));
    return { results, state: await stateOf(trainer), steps: trainer.steps };
  };
  const [one, several] = [await run(1), await run(8)];
  expect(several).toEqual(one);
  expect(several.results[2]).toMatch(/^Step 3 has the loss NaN/);
  expect(several.results.filter((result) => typeof result === 'string')).toHaveLength(1);
  expect(several.steps).toBe(4);
});
