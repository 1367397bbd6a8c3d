/** Robustness of models as files, on data: the same figures however it is run, and what is refused. */
import { join } from 'node:path';
import { createModel, evaluate, type Robustness, robustness, Trainer } from '../../../src/train';
import { measureNames } from '../../../src/train/robustness';
import { colourFolder } from '../../cli/colours';
import { closing, smallTrainer, workFolder } from '../fixtures';

const work = workFolder();
const data = join(work, 'data');
const COUNT = 14;
const path = (name: string) => join(work, name);
const classes = ['blue', 'green', 'red'];
const quick = { epsilons: [2, 16], steps: 2, dropped: [0, 50], grid: 4 };

let trainer: Trainer;
beforeAll(async () => {
  await colourFolder(data, { test: COUNT });
  const model = createModel('resnet', { layers: [1], width: 4, classes: 3, stem: 'cifar' });
  trainer = await smallTrainer({ batch: 5 }, model);
  trainer.notes = { settings: { classes, size: [16, 16], mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] } };
  await trainer.save(path('checkpoint.safetensors'));
  await trainer.exportOnnx(path('model.onnx'));
  await trainer.exportSafetensors(path('weights.safetensors'));
});

/** All figures, without names and times. */
const figures = ({ clean, calibration, fgsm, pgd, occlusion }: Robustness) => ({
  clean,
  calibration,
  fgsm,
  pgd,
  occlusion,
});
const lossesOf = ({ clean, fgsm = [], pgd, occlusion }: Robustness) =>
  [clean, ...fgsm, ...(pgd?.rows ?? []), ...(occlusion?.rows ?? [])].map(({ loss }) => loss);

test('the same figures from a checkpoint and a trainer, for any batch and number of threads', async () => {
  const first = await robustness({ model: path('checkpoint.safetensors'), data, ...quick });
  expect(first).toMatchObject({ images: COUNT, classes, bad: [], seed: 0 });
  expect(lossesOf(first).every(Number.isFinite)).toBe(true);
  for (const how of [{ batch: 1, threads: 1 }, { batch: 4, threads: 2 }, { batch: 5 }])
    expect(
      figures(await robustness({ model: path('checkpoint.safetensors'), data, ...quick, ...how })),
    ).toEqual(figures(first));
  expect(figures(await robustness({ model: trainer, data, ...quick }))).toEqual(figures(first));
  // The trainer stays open.
  expect(await trainer.predict(new Float32Array(3 * 256))).toHaveLength(3);
});

test('attacks raise the loss, nothing covered changes nothing, and clean is what evaluate says', async () => {
  const found = await robustness({ model: trainer, data, ...quick, steps: 10 });
  const { fgsm = [], pgd, occlusion, clean, calibration } = found;
  const [weak, strong] = fgsm.map(({ loss }) => loss);
  expect([clean.loss < weak, weak < strong]).toEqual([true, true]);
  expect(pgd?.rows[0].loss).toBeGreaterThan(clean.loss);
  const { top1Error, top5Error, loss } = clean;
  expect(occlusion?.rows[0]).toEqual({ dropped: 0, patches: 0, top1Error, top5Error, loss });
  expect(occlusion?.rows[1].patches).toBe(8);
  expect(occlusion?.rows[1].loss).not.toBe(loss);
  expect(calibration?.logLikelihoodLoss).toBe(loss);
  const evaluated = await evaluate({ model: path('checkpoint.safetensors'), data });
  expect(evaluated).toMatchObject({ top1Error, top5Error, loss });
});

test('an engine, and weights alone, give nearly the same', async () => {
  const settings = { batch: 5, image: [16, 16], optimizer: { name: 'sgd' }, threads: 1 } as const;
  const standard = closing(await Trainer.create(trainer.model, { ...settings, engine: 'standard' }));
  await standard.load(await trainer.parameters());
  standard.notes = trainer.notes;
  const wanted = lossesOf(await robustness({ model: trainer, data, ...quick }));
  const normal = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] };
  for (const model of [standard, path('weights.safetensors')]) {
    const found = await robustness({ model, data, ...quick, ...normal, size: 16 });
    // An attack may move a pixel the other way where its gradient is next to nothing.
    lossesOf(found).forEach((loss, i) => expect(Math.abs(loss - wanted[i])).toBeLessThan(2e-3));
    expect(Math.abs(found.clean.loss - wanted[0])).toBeLessThan(1e-5);
  }
});

test('an ONNX model has the measures that need no gradient, and is refused for the others', async () => {
  const asked = { data, ...quick, measures: ['calibration', 'occlusion'] as const };
  const found = await robustness({ ...asked, model: path('model.onnx') });
  const same = await robustness({ ...asked, model: trainer });
  expect(Object.keys(found)).toEqual(Object.keys(same));
  lossesOf(same).forEach((loss, i) => expect(lossesOf(found)[i]).toBeCloseTo(loss, 5));
  expect(found.calibration?.expectedError).toBeCloseTo(same.calibration?.expectedError as number, 5);
  expect([found.fgsm, found.pgd]).toEqual([undefined, undefined]);
  await expect(robustness({ model: path('model.onnx'), data })).rejects.toMatchObject({
    code: 'MODEL',
    argument: 'measures',
    message: expect.stringMatching(
      /model\.onnx is an ONNX model, of which there are no gradients here; fgsm and pgd need them: give checkpoint\.safetensors .*\(--measures calibration,occlusion\)$/,
    ),
  });
  await expect(robustness({ model: path('model.onnx'), data, measures: ['pgd'] })).rejects.toThrow(
    /; pgd need/,
  );
});

test('a limit draws images of all places, by the seed; progress ends with all of them', async () => {
  const told: { done: number; total: number }[] = [];
  const options = { model: trainer, data, measures: ['fgsm'] as const, epsilons: [4], batch: 4 };
  const limited = { ...options, limit: 6, seed: 3 };
  const found = await robustness({ ...limited, onProgress: (one) => told.push(one) });
  expect(found.images).toBe(6);
  expect(told.map(({ done }) => done)).toEqual([1, 2, 4, 4, 4, 5, 6, 6]);
  expect(new Set(told.map(({ total }) => total))).toEqual(new Set([6]));
  expect(figures(await robustness({ ...limited, batch: 1 }))).toEqual(figures(found));
  expect((await robustness({ ...limited, seed: 4 })).clean.loss).not.toBe(found.clean.loss);
  expect(figures(await robustness({ ...options, limit: 100 }))).toEqual(figures(await robustness(options)));
});

test('a run can be stopped', async () => {
  const stop = new AbortController();
  let passes = 0;
  const onProgress = () => {
    if (++passes === 3) stop.abort(new Error('enough'));
  };
  await expect(robustness({ model: trainer, data, signal: stop.signal, onProgress })).rejects.toThrow(
    'enough',
  );
  expect(passes).toBe(3);
});

test.each<[object, RegExp]>([
  [{ model: undefined }, /a path or a Trainer for model but received undefined/],
  [{ measures: ['occlude'] }, /for measures but received "occlude" \(did you mean "occlusion"\?\)/],
  [{ measures: [] }, /a list of names, each once for measures/],
  [{ epsilons: [0] }, /a number above 0 to 255 for epsilons but received 0/],
  [{ epsilons: [256] }, /for epsilons but received 256/],
  [{ epsilons: [] }, /at least one number for epsilons but received \[\]/],
  [{ steps: 0 }, /a whole number from 1 to 10000 for steps/],
  [{ stepSize: -1 }, /for stepSize but received -1/],
  [{ randomStart: 1 }, /true or false for randomStart/],
  [{ bins: 0 }, /for bins/],
  [{ grid: 1.5 }, /for grid/],
  [{ dropped: [101] }, /a number from 0 to 100 for dropped/],
  [{ dropped: [] }, /at least one number for dropped/],
  [{ cover: 'white' }, /one of "mean", "black" for cover/],
  [{ limit: 0 }, /at least 1 for limit/],
  [{ logits: 'out' }, /only an ONNX model has outputs with names/],
  [{ eps: [1] }, /Unknown option "eps" in robustness options \(did you mean "epsilons"\?\)/],
  [{ size: 17 }, /takes images of 16 × 16 pixels only/],
])('%j is refused', async (more, message) => {
  await expect(robustness({ model: trainer, data, ...more })).rejects.toThrow(message);
});

test('measures are in the registry once', () => {
  expect(measureNames).toEqual(['calibration', 'fgsm', 'pgd', 'occlusion']);
});
