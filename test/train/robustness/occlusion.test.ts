/** Which pixels occlusion covers, with what, and by which draw. */
import { join } from 'node:path';
import type { Subject } from '../../../src/train/robustness/measure';
import { occlusion } from '../../../src/train/robustness/occlusion';
import { pixelsOf, subjectOf } from '../../../src/train/robustness/subject';
import { scoringOptions, withScoring } from '../../../src/train/scoring';
import { parse } from '../../../src/option';
import { uniform, workFolder } from '../fixtures';
import { cleanBatch, EACH, linearTrainer, MEAN, SIDE, STD, subjectWith, twoClasses } from './fixtures';

const settings = { grid: 14, dropped: [50], cover: 'mean', seed: 0 } as const;
const work = workFolder();
const COUNT = 3;
/** None is 0. */
const pixels = () => uniform('occluded', COUNT * EACH).map((u) => 1 + Math.floor(u * 255));

let plain: Subject;
beforeAll(async () => {
  plain = subjectWith((await linearTrainer()).trainer);
});

/** The images that the network is shown, for each share that is covered. */
async function shown(
  subject: Subject,
  more: Partial<Parameters<typeof occlusion.begin>[1]>,
  positions = [0, 1, 2],
) {
  const asked: Float32Array[] = [];
  const meter = occlusion.begin(
    {
      ...subject,
      predict(values, count) {
        asked.push(values);
        return subject.predict(values, count);
      },
    },
    { ...settings, ...more },
  );
  await meter.add({ ...(await cleanBatch(subject, pixels(), [0, 1, 0])), positions });
  return { asked, result: meter.result };
}

const isCovered = (values: Float32Array) => values.map((value) => (value === 0 ? 1 : 0));
const sumOf = (values: Float32Array) => values.reduce((a, b) => a + b);

test('so many whole patches as asked for, of all channels; more shares cover those of fewer', async () => {
  const dropped = [0, 12.5, 50, 90, 100];
  const { asked, result } = await shown(plain, { grid: 3, dropped });
  expect(result.grid).toEqual([3, 3]);
  expect(result.rows.map(({ patches }) => patches)).toEqual([0, 1, 4, 8, 9]);
  let before = new Float32Array(COUNT * EACH);
  asked.forEach((values, i) => {
    const covered = isCovered(values);
    for (let image = 0; image < COUNT; image++)
      // A patch of 6 × 6 pixels in 3 × 3 parts has 2 × 2 pixels of 3 channels.
      expect(sumOf(covered.subarray(image * EACH, (image + 1) * EACH))).toBe(12 * result.rows[i].patches);
    expect(before.every((value, at) => value <= covered[at])).toBe(true);
    before = covered;
    values.forEach((value, at) => {
      const x = at % SIDE;
      const y = Math.floor(at / SIDE) % SIDE;
      const corner = at - (x % 2) - (y % 2) * SIDE;
      expect(covered[at]).toBe(covered[corner]);
      if (covered[at] === 0) expect(value).toBe(Math.fround(pixels()[at] / 255));
    });
  });
  const [none] = result.rows;
  const { values, numbers } = await cleanBatch(plain, pixels(), [0, 1, 0]);
  const logits = await plain.predict(values, COUNT);
  const wrong = numbers.filter((number, i) => (logits[2 * i] >= logits[2 * i + 1] ? 0 : 1) !== number);
  expect(none.top1Error).toBe(wrong.length / COUNT);
  expect(asked[0]).toEqual(values);
});

test('patches of uneven sides cover every pixel once; a grid has at most a patch for each pixel', async () => {
  const { asked, result } = await shown(plain, { grid: 4, dropped: [93.75, 100] });
  // 15 of 16 parts of 1 or 2 pixels each way: what is left has 1, 2 or 4 pixels.
  const left = EACH - sumOf(isCovered(asked[0].subarray(0, EACH)));
  expect([3, 6, 12]).toContain(left);
  expect(sumOf(isCovered(asked[1]))).toBe(COUNT * EACH);
  expect(result.grid).toEqual([4, 4]);
  expect((await shown(plain, {})).result).toMatchObject({ grid: [SIDE, SIDE], rows: [{ patches: 18 }] });
});

test('what is covered depends on the seed and on the place in the data alone', async () => {
  const first = isCovered((await shown(plain, {})).asked[0]);
  expect(isCovered((await shown(plain, {})).asked[0])).toEqual(first);
  const image = (covered: Float32Array, i: number) => covered.slice(i * EACH, (i + 1) * EACH);
  const moved = isCovered((await shown(plain, {}, [2, 8, 0])).asked[0]);
  expect([image(moved, 0), image(moved, 2)]).toEqual([image(first, 2), image(first, 0)]);
  expect(image(moved, 1)).not.toEqual(image(first, 1));
  expect(isCovered((await shown(plain, { seed: 1 })).asked[0])).not.toEqual(first);
  expect(image(first, 0)).not.toEqual(image(first, 1));
});

test('every patch is covered as often as another', async () => {
  const counts = new Float64Array(SIDE * SIDE);
  for (let seed = 0; seed < 200; seed++) {
    const covered = isCovered((await shown(plain, { dropped: [25], seed })).asked[0]);
    for (let image = 0; image < COUNT; image++)
      for (let at = 0; at < counts.length; at++) counts[at] += covered[image * EACH + at];
  }
  // 600 draws of a chance of ¼: 150 ± 10.6 for each of 36.
  expect(counts.reduce((a, b) => a + b)).toBe(600 * 9);
  expect(Math.min(...counts)).toBeGreaterThan(105);
  expect(Math.max(...counts)).toBeLessThan(195);
});

test('black is what black pixels become, the mean is 0; in both layouts the same pixels', async () => {
  const { trainer } = await linearTrainer();
  const folder = join(work, 'two');
  await twoClasses(folder, 2, [0, 255]);
  const options = parse(scoringOptions, { data: folder }, 'options');
  await withScoring({ ...options, model: trainer }, async (scoring) => {
    const bytes = Uint8Array.from(uniform('bytes', COUNT * EACH), (u) => 1 + Math.floor(u * 255));
    const batch = { data: bytes, shape: [COUNT, SIDE, SIDE, 3] as const };
    const found: Record<string, Float32Array> = {};
    for (const layout of ['NCHW', 'NHWC'] as const)
      for (const cover of ['mean', 'black'] as const) {
        const subject = subjectOf(
          { ...scoring, classifier: { ...scoring.classifier, layout } },
          () => undefined,
        );
        const there = pixelsOf(batch, layout);
        const values = subject.normalised(there);
        const asked: Float32Array[] = [];
        const predict = async (given: Float32Array) => {
          asked.push(given);
          return trainer.predict(given);
        };
        const numbers = [0, 1, 0];
        await occlusion
          .begin({ ...subject, predict }, { ...settings, grid: 3, cover })
          .add({ pixels: there, values, logits: values, numbers, positions: numbers.map((_, i) => i) });
        // As NHWC, whichever it was.
        found[layout + cover] = asked[0].map((_, at) => {
          if (layout === 'NHWC') return asked[0][at];
          const [image, pixel, channel] = [Math.floor(at / EACH), Math.floor((at % EACH) / 3), at % 3];
          return asked[0][image * EACH + channel * SIDE * SIDE + pixel];
        });
      }
    expect(found.NCHWmean).toEqual(found.NHWCmean);
    expect(found.NCHWblack).toEqual(found.NHWCblack);
    const covered = isCovered(found.NHWCmean);
    expect(sumOf(covered)).toBe(COUNT * 12 * 4);
    found.NHWCblack.forEach((value, at) => {
      const shade = covered[at] === 1 ? 0 : bytes[at] / 255;
      expect(value).toBeCloseTo((shade - MEAN[at % 3]) / STD[at % 3], 5);
    });
  });
});
