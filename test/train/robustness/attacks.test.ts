/** Attacks on a network that is linear in the pixels, where their results follow from its weights; and how far they go. */
import { join } from 'node:path';
import { evaluate, robustness } from '../../../src/train';
import { moved, within } from '../../../src/train/robustness/attack';
import { fgsm } from '../../../src/train/robustness/fgsm';
import type { Subject } from '../../../src/train/robustness/measure';
import { pgd } from '../../../src/train/robustness/pgd';
import { symmetric, uniform, workFolder } from '../fixtures';
import { cleanBatch, EACH, linearTrainer, MEAN, SIDE, STD, subjectWith, twoClasses } from './fixtures';

const work = workFolder();
const COUNT = 11;
/** The first never reach 0 or 255 by 16, the others often do. */
const ranges = { inside: [20, 230], everywhere: [0, 255] } as const;
type Known = Awaited<ReturnType<typeof twoClasses>>;
const images = {} as Record<keyof typeof ranges, Known>;
beforeAll(async () => {
  for (const [name, range] of Object.entries(ranges))
    images[name as keyof typeof ranges] = await twoClasses(join(work, name), COUNT, range);
});

/** How much the logit of class 0 is above that of class 1 for every unit of a pixel (height × width × channels), by hand. */
function slopesOf(weights: Float32Array): number[] {
  return Array.from({ length: EACH }, (_, i) => {
    const [channel, pixel] = [i % 3, Math.floor(i / 3)];
    const at = channel * SIDE * SIDE + pixel;
    return (weights[at] - weights[EACH + at]) / (255 * STD[channel]);
  });
}

/** Errors and loss after each pixel has moved by ε against its class, and stopped at black and white. */
function byHand(
  known: Known,
  { weights, bias }: { weights: Float32Array; bias: Float32Array },
  epsilon: number,
) {
  const slopes = slopesOf(weights);
  const margins = known.map(({ pixels, label }) => {
    const side = label === 0 ? 1 : -1;
    return slopes.reduce(
      (sum, slope, i) => {
        const attacked = pixels[i] - side * epsilon * Math.sign(slope);
        const shown = Math.min(Math.max(attacked, 0), 255);
        return sum + side * slope * (shown - 255 * MEAN[i % 3]);
      },
      side * (bias[0] - bias[1]),
    );
  });
  const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
  return {
    top1Error: mean(margins.map((margin) => (margin < 0 ? 1 : 0))),
    loss: mean(margins.map((margin) => Math.log1p(Math.exp(-margin)))),
    margin: mean(margins),
  };
}

describe.each(['native', 'standard'] as const)('engine %s', (engine) => {
  test.each(['inside', 'everywhere'] as const)('FGSM, pixels %s: as the weights say', async (name) => {
    const linear = await linearTrainer(engine);
    const epsilons = [0.5, 1, 2, 4, 8, 16];
    const { fgsm: rows = [], clean } = await robustness({
      model: linear.trainer,
      data: join(work, name),
      measures: ['fgsm'],
      epsilons,
      batch: 4,
    });
    const wanted = epsilons.map((epsilon) => byHand(images[name], linear, epsilon));
    for (const [i, epsilon] of epsilons.entries()) {
      expect(rows[i]).toMatchObject({ epsilon, top1Error: wanted[i].top1Error, top5Error: 0 });
      expect(rows[i].loss).toBeCloseTo(wanted[i].loss, 5);
    }
    expect(clean.loss).toBeCloseTo(byHand(images[name], linear, 0).loss, 5);
    const errors = [clean, ...rows].map(({ top1Error }) => top1Error);
    expect(errors).toEqual(errors.toSorted((a, b) => a - b));
    expect(errors[6] - errors[0]).toBeGreaterThan(0.2);
    // Without a stop the margin falls by ε for all weights; with one, by less.
    const all = slopesOf(linear.weights).reduce((sum, slope) => sum + Math.abs(slope), 0);
    const fall = byHand(images[name], linear, 0).margin - wanted[5].margin;
    if (name === 'inside') expect(fall).toBeCloseTo(16 * all, 6);
    else expect(fall).toBeLessThan(15.9 * all);
  });

  test('PGD: steps enough to cross the ball end where FGSM does', async () => {
    const linear = await linearTrainer(engine);
    for (const more of [{}, { randomStart: false }, { steps: 4, stepSize: 9 }]) {
      const found = await robustness({
        model: linear.trainer,
        data: join(work, 'everywhere'),
        measures: ['fgsm', 'pgd'],
        epsilons: [1, 8, 16],
        ...more,
      });
      const { rows, steps, randomStart } = found.pgd as NonNullable<typeof found.pgd>;
      expect([steps, randomStart]).toEqual([more.steps ?? 10, more.randomStart ?? true]);
      expect(rows.map(({ step }) => step)).toEqual(more.stepSize ? [9, 9, 9] : [0.25, 2, 4]);
      rows.forEach((row, i) => {
        expect(row.top1Error).toBe(found.fgsm?.[i].top1Error);
        expect(row.loss).toBeCloseTo(found.fgsm?.[i].loss as number, 5);
      });
    }
  });
});

test('PGD with few small steps is weaker than FGSM, and depends on the seed', async () => {
  const { trainer } = await linearTrainer();
  const options = { model: trainer, data: join(work, 'inside'), measures: ['pgd', 'fgsm'] as const };
  const weak = { ...options, epsilons: [4], steps: 2, stepSize: 0.5 };
  const found = [];
  for (const seed of [1, 1, 2]) {
    const { pgd: attack, fgsm: rows } = await robustness({ ...weak, seed });
    const loss = attack?.rows[0].loss as number;
    expect(loss).toBeLessThan(rows?.[0].loss as number);
    found.push(loss);
  }
  expect(found[1]).toBe(found[0]);
  expect(Math.abs(found[2] - found[0])).toBeGreaterThan(1e-5);
  // Two steps of ½ from the image itself move every pixel by 1.
  const straight = await robustness({ ...weak, randomStart: false });
  const one = await robustness({ ...options, measures: ['fgsm'], epsilons: [1] });
  expect(straight.pgd?.rows[0].loss).toBeCloseTo(one.fgsm?.[0].loss as number, 6);
});

describe('how far pixels go', () => {
  /** The subject as it is; what it is asked about is kept. */
  function listening(subject: Subject, asked: Float32Array[]): Subject {
    return {
      ...subject,
      normalised(pixels) {
        asked.push(pixels);
        return subject.normalised(pixels);
      },
    };
  }

  test('never more than ε, never below black or above white, and FGSM by ε or to the end', async () => {
    const { trainer } = await linearTrainer();
    const subject = subjectWith(trainer);
    const pixels = uniform('pixels', 7 * EACH).map((u) => Math.floor(u * 256));
    const batch = await cleanBatch(subject, pixels, [0, 1, 0, 1, 0, 1, 0]);
    const distances = (values: Float32Array) => values.map((value, i) => Math.abs(value - pixels[i]));
    const [epsilon, seed] = [3, 0];
    for (const [name, asks] of Object.entries({ fgsm: 1, pgd: 6 })) {
      const asked: Float32Array[] = [];
      const settings = { epsilons: [epsilon], steps: 5, randomStart: true, stepSize: 1.7, seed };
      const subjectAsked = listening(subject, asked);
      await (name === 'pgd' ? pgd.begin(subjectAsked, settings) : fgsm.begin(subjectAsked, settings)).add(
        batch,
      );
      expect(asked).toHaveLength(asks);
      for (const values of asked) {
        expect(Math.max(...distances(values))).toBeLessThanOrEqual(epsilon);
        expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...values)).toBeLessThanOrEqual(255);
      }
      const last = asked.at(-1) as Float32Array;
      const stopped = distances(last).filter((distance, i) => distance === epsilon || last[i] % 255 === 0);
      expect(stopped).toHaveLength(last.length);
    }
  });

  test('a random start is spread over the ball, and is the same for every ε', async () => {
    const { trainer } = await linearTrainer();
    const asked: Float32Array[] = [];
    const subject = listening(subjectWith(trainer), asked);
    const pixels = new Float32Array(4 * EACH).fill(100);
    const batch = await cleanBatch(subject, pixels, [0, 1, 0, 1]);
    asked.length = 0;
    const settings = { epsilons: [1, 10], steps: 1, randomStart: true, stepSize: 1e-3, seed: 0 };
    await pgd.begin(subject, settings).add(batch);
    const [small, , large] = asked.map((values) => values.map((value) => value - 100));
    const mean = large.reduce((sum, value) => sum + value, 0) / large.length;
    const variance = large.reduce((sum, value) => sum + value ** 2, 0) / large.length;
    // 432 uniform numbers: the mean is 0 ± 0.28, the mean square 100/3 ± 1.4.
    expect(Math.abs(mean)).toBeLessThan(1.2);
    expect(Math.abs(variance - 100 / 3)).toBeLessThan(6);
    small.forEach((value, i) => expect(10 * value).toBeCloseTo(large[i], 3));
    expect(large.slice(0, EACH)).not.toEqual(large.slice(EACH, 2 * EACH));
  });

  test('moves by the sign, not where there is none', () => {
    const clean = Float32Array.of(100, 100, 100, 2, 254, 100);
    const slope = Float32Array.of(1e-30, -5, 0, -1, 1, -0);
    const to = { clean, epsilon: 8 };
    expect([...moved(clean, slope, 8, to)]).toEqual([108, 92, 100, 0, 255, 100]);
    expect([...moved(clean, slope, 20, to)]).toEqual([108, 92, 100, 0, 255, 100]);
    const shifted = clean.map((pixel, i) => within(pixel + 6, clean[i], 8));
    expect([...moved(shifted, slope, 4, to)]).toEqual([108, 102, 106, 4, 255, 106]);
  });

  test('a gradient by normalised values has the sign of that by pixels', async () => {
    const { trainer } = await linearTrainer();
    const subject = subjectWith(trainer);
    const values = symmetric('values', EACH, 1);
    const slope = await subject.gradient(values, [1]);
    const loss = async (at: number, move: number) => {
      const changed = values.slice();
      changed[at] += move;
      const [zero, one] = await subject.predict(changed, 1);
      return Math.log1p(Math.exp(zero - one));
    };
    for (const at of [0, 40, 107])
      expect(Math.sign(slope[at])).toBe(Math.sign((await loss(at, 0.1)) - (await loss(at, -0.1))));
  });
});

test('clean errors and loss are those of evaluate, to the bit', async () => {
  const { trainer } = await linearTrainer();
  const path = join(work, 'linear.onnx');
  await trainer.exportOnnx(path);
  const options = { data: join(work, 'everywhere'), batch: 5 };
  const { top1Error, loss, confusion } = await evaluate({ ...options, model: path });
  const found = await robustness({ ...options, model: path, measures: ['calibration'] });
  expect(found).toMatchObject({ images: COUNT, clean: { top1Error, loss } });
  expect(found.calibration?.logLikelihoodLoss).toBe(loss);
  expect(confusion.flat().reduce((a, b) => a + b)).toBe(COUNT);
});
