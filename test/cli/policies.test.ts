/** Policies of random operations on the command line: they decide bytes, and a run keeps to its own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { applyImageOperation, type ImageBatch } from '../../src';
import { colourFolder } from './colours';
import { contents, imageFolder, labelLines, run, workFolder } from './fixtures';

const work = workFolder();
const data = join(work, 'data');
const colours = join(work, 'colours');
beforeAll(async () => {
  await imageFolder(data, 26);
  await colourFolder(colours, { train: 30, test: 9 });
}, 60_000);

const settingsOf = (out: string) =>
  (JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as { settings: { augment?: object } }).settings;

test('augment: the same bytes for any threads and in shards, other bytes than without', async () => {
  const names = ['plain', 'one', 'many', 'shard'];
  const [plain, one, many, shard] = names.map((name) => join(work, name));
  const options = ['--batch', '8', '--autoaugment', 'cifar10/official'];
  await run('augment', data, '--out', plain, '--batch', '8');
  await run('augment', data, '--out', one, ...options, '--threads', '1');
  await run('augment', data, '--out', many, ...options, '--threads', '5');
  await run('augment', data, '--out', shard, ...options, '--shard', '2/3');
  expect(contents(many)).toEqual(contents(one));
  expect(settingsOf(plain).augment).toBeUndefined();
  expect(settingsOf(one).augment).toEqual({ autoaugment: { policy: 'cifar10', convention: 'official' } });
  const image = (out: string, id: string) => {
    const { file } = labelLines(out).find(({ target }) => target.id === id)!;
    return readFileSync(join(out, file)).toString('base64');
  };
  const ids = labelLines(shard).map(({ target }) => target.id);
  expect(ids).toHaveLength(8);
  expect(ids.map((id) => image(shard, id))).toEqual(ids.map((id) => image(one, id)));
  const changed = ids.filter((id) => image(plain, id) !== image(one, id));
  expect(changed.length).toBeGreaterThan(4);
});

test('augment: a line says what was done to its images', async () => {
  const out = join(work, 'lines');
  await run('augment', data, '--out', out, '--method', 'none', '--randaugment', '3,9', '--encoding', 'png');
  const pixels = async (path: string) => new Uint8Array(await sharp(path).removeAlpha().raw().toBuffer());
  const lines = labelLines(out);
  expect(lines.some(({ target }) => target.operations?.length === 3)).toBe(true);
  for (const { file, target } of lines) {
    let image: ImageBatch = { data: await pixels(join(data, target.id)), shape: [1, 24, 24, 3] };
    for (const { operation, magnitude } of target.operations!) {
      if (operation === 'Cutout') throw new Error('only the authors’ AutoAugment has it');
      image = await applyImageOperation(image, operation, magnitude);
    }
    expect(Buffer.compare(image.data, await pixels(join(out, file)))).toBe(0);
  }
});

const small = ['--model', 'resnet', '--layers', '1', '--width', '4', '--epochs', '1', '--batch', '10'];
const train = (out: string, ...more: string[]) =>
  run('train', '--data', colours, '--out', out, '--no-test', ...small, ...more);
const losses = (out: string) => readFileSync(join(out, 'metrics.jsonl'), 'utf8').match(/"loss":[\d.e-]+/g);

test('train: a policy decides what is trained on, and a run is resumed with its own', async () => {
  const [plain, one, again] = ['train-plain', 'train-one', 'train-again'].map((name) => join(work, name));
  expect((await train(plain)).code).toBe(0);
  expect((await train(one, '--randaugment', '3,5')).code).toBe(0);
  await train(again, '--randaugment', '3,5,31', '--threads', '1');
  expect(settingsOf(one).augment).toEqual({
    randaugment: { operations: 3, magnitude: 5, bins: 31 },
    crop: 4,
    flip: true,
  });
  expect(losses(again)).toEqual(losses(one));
  expect(losses(plain)).not.toEqual(losses(one));
  const other = await train(one, '--trivialaugment', '--resume');
  expect([other.code, other.stderr]).toEqual([1, expect.stringMatching(/other settings: .*randaugment/)]);
});

test.each([
  [['--autoaugment', 'svhn/official'], /"cifar10" with convention "official" .* but received "svhn"/],
  [['--autoaugment', 'imagenett'], /did you mean "imagenet"/],
  [['--randaugment', '2,40'], /level below bins \(31\) for randaugment\.magnitude but received 40/],
  [
    ['--randaugment', '2', '--trivialaugment'],
    /at most one policy but received randaugment and trivialaugment/,
  ],
])('refused by both commands: %j', async (options, message) => {
  for (const command of [
    ['augment', data],
    ['train', '--data', colours],
  ]) {
    const { code, stderr } = await run(...command, '--out', join(work, 'refused'), ...options);
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
  }
});
