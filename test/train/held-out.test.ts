/** What training has held out of its data is what evaluate scores on that data, whichever file the model is in. */
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { augment } from '../../src';
import { evaluate, train } from '../../src/train';
import { colourFolder } from '../cli/colours';
import { workFolder } from './fixtures';

const work = workFolder();
const splits = join(work, 'splits');
const plain = join(splits, 'train');
const learning = { model: 'resnet', layers: [1], width: 4, epochs: 1, batch: 16 } as const;
const [ofSplits, ofPlain] = ['of-splits', 'of-plain'].map((name) => join(work, name));

beforeAll(async () => {
  await colourFolder(splits, { train: 60, test: 9 });
  await train({ data: splits, out: ofSplits, holdout: 0.3, ...learning });
  await train({ data: plain, out: ofPlain, ...learning });
}, 60_000);

const runOf = (out: string) =>
  JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as {
    data: { heldOut: number };
    inputs: Record<string, Record<string, string>>;
    top1Error: number;
  };

test.each(['checkpoint.safetensors', 'model.onnx'])(
  '%s: of the same data the images held out',
  async (file) => {
    for (const [out, data] of [
      [ofSplits, { path: splits, split: 'train' }],
      [ofPlain, plain],
    ] as const) {
      const { images, scored, top1Error } = await evaluate({ model: join(out, file), data });
      const { data: about, top1Error: said } = runOf(out);
      expect(about.heldOut).toBeGreaterThan(2);
      expect({ images, scored }).toEqual({ images: about.heldOut, scored: 'held out' });
      expect(top1Error).toBe(said);
    }
  },
);

test.each(['checkpoint.safetensors', 'model.onnx'])('%s: of other data all images', async (file) => {
  const model = join(ofSplits, file);
  expect(await evaluate({ model, data: splits })).toMatchObject({ images: 9 });
  expect((await evaluate({ model, data: splits })).scored).toBeUndefined();
  expect(await evaluate({ model, data: join(splits, 'test') })).toMatchObject({ images: 9, scored: 'all' });
  const moved = join(work, `moved-${file}`);
  cpSync(join(splits, 'train'), moved, { recursive: true });
  expect(await evaluate({ model: join(ofPlain, file), data: moved })).toMatchObject({ scored: 'held out' });
});

test('run.json has the files of the data once, with those that are held out', () => {
  const ofAll = { blue: /^20 /, green: /^20 /, red: /^20 / };
  const wanted = Object.fromEntries(
    Object.entries(ofAll).map(([name, of]) => [name, expect.stringMatching(of) as string]),
  );
  for (const out of [ofSplits, ofPlain]) expect(runOf(out).inputs).toEqual({ data: wanted });
});

test('what is held out of mixed images is mixed, too: that is said', async () => {
  const [mixed, out] = [join(work, 'mixed'), join(work, 'of-mixed')];
  await augment({ data: plain, out: mixed, mixer: { method: 'mixup', probability: 0.5, seed: 4 } });
  const warnings: string[] = [];
  const onWarning = (message: string) => warnings.push(message);
  await train({ data: mixed, out, ...learning, onWarning });
  const said = `test images of ${mixed} have labels of several classes`;
  const [count] = /^\d+/.exec(warnings[0]) as RegExpExecArray;
  // Of the six that are held out, those that were drawn to be mixed, and not with themselves or one of their class.
  expect(Number(count)).toBeGreaterThan(0);
  expect(Number(count)).toBeLessThan(6);
  expect(warnings).toEqual([expect.stringContaining(`${count} images of the ${said}`)]);
  const model = join(out, 'checkpoint.safetensors');
  expect((await evaluate({ model, data: mixed })).notices).toEqual([expect.stringContaining(said)]);
  expect((await evaluate({ model, data: plain })).notices).toEqual([]);
});
