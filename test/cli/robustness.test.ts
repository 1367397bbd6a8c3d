/** Robustness from the command line: a network trained for an epoch on the drawn data, tables and JSON. */
import { join } from 'node:path';
import { besideProgress, run, workFolder } from './fixtures';

const work = workFolder();
const out = join(work, 'run');
const checkpoint = join(out, 'checkpoint.safetensors');
const few = ['--data', 'demo', '--limit', '20', '--epsilons', '4,16', '--steps', '2', '--dropped', '0,50'];

beforeAll(async () => {
  const learning = ['--layers', '1', '--width', '8', '--epochs', '1', '--batch', '25', '--size', '16'];
  const { code } = await run('train', '--data', 'demo', '--out', out, '--model', 'resnet', ...learning);
  expect(code).toBe(0);
}, 60_000);

interface Row {
  top1Error: number;
  top5Error: number;
  loss: number;
}

test('as JSON: every measure, the same at any batch', async () => {
  const { code, stdout, stderr } = await run('robustness', checkpoint, ...few, '--json');
  expect([code, besideProgress(stderr)]).toEqual([0, '']);
  const { seconds, ...found } = JSON.parse(stdout);
  expect(seconds).toBeGreaterThan(0);
  expect(found).toMatchObject({ model: checkpoint, images: 20, seed: 0, bad: [], scored: 'held out' });
  expect(found.classes).toHaveLength(10);
  expect(found.calibration.bins).toHaveLength(15);
  expect(found.fgsm.map(({ epsilon }: { epsilon: number }) => epsilon)).toEqual([4, 16]);
  expect(found.pgd).toMatchObject({ steps: 2, randomStart: true, rows: [{ step: 5 }, { step: 20 }] });
  const { top1Error, top5Error, loss } = found.clean as Row;
  expect(found.occlusion.rows).toMatchObject([{ dropped: 0, top1Error, top5Error, loss }, { patches: 98 }]);
  expect(found.fgsm[1].loss).toBeGreaterThan(found.fgsm[0].loss);
  expect(found.fgsm[0].loss).toBeGreaterThan(loss);
  const again = await run('robustness', checkpoint, ...few, '--json', '--batch', '7', '--threads', '1');
  expect(JSON.parse(again.stdout)).toEqual({ ...found, seconds: expect.any(Number) });
}, 60_000);

test('in words: a table for each measure', async () => {
  const { code, stdout } = await run(
    'robustness',
    checkpoint,
    ...few,
    '--no-random-start',
    '--cover',
    'black',
  );
  expect(code).toBe(0);
  const parts = stdout.trim().split('\n\n');
  const errors = String.raw` +[\d.]+ % +[\d.]+ % +\d+\.\d{4}`;
  const head = ' +top-1 error +top-5 error +loss\n';
  expect(parts[0]).toMatch(/^20 images in [\d.]+ s\nof the images that training has held out of this data$/);
  expect(parts[1]).toMatch(new RegExp(`^clean\n${head}${errors}$`));
  expect(parts[2]).toMatch(
    /^calibration, 15 bins of confidence\n {2}expected calibration error +[\d.]+ %\n {2}maximum calibration error +[\d.]+ %\n {2}negative log likelihood +\d\.\d{4}$/,
  );
  expect(parts[3]).toMatch(new RegExp(`^fgsm: .*\n +ε/255${head} +4${errors}\n +16${errors}$`));
  expect(parts[4]).toMatch(
    new RegExp(
      `^pgd: 2 steps within ε, from the image\n +ε/255 +step/255${head} +4 +5${errors}\n +16 +20${errors}$`,
    ),
  );
  expect(parts[5]).toMatch(
    new RegExp(`^occlusion: .* 14 × 14 .* black\n.*${head} +0 % +0${errors}\n +50 % +98${errors}$`),
  );
  expect(parts).toHaveLength(6);
}, 60_000);

test('an ONNX model has what needs no gradient', async () => {
  const model = join(out, 'model.onnx');
  const refused = await run('robustness', model, ...few);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/^error: .*no gradients here; .* \(--measures calibration,occlusion\)$/m);
  const { code, stdout } = await run('robustness', model, ...few, '--measures', 'occlusion');
  expect(code).toBe(0);
  expect(stdout).toMatch(/\nocclusion: /);
  expect(stdout).not.toMatch(/\n(fgsm|pgd|calibration)/);
}, 60_000);

test('wrong values are refused before anything is read', async () => {
  for (const [more, message] of [
    [['--epsilons', '0'], /for epsilons but received 0/],
    [['--epsilons', 'four'], /It must be numbers, separated by commas/],
    [['--measures', 'fgsm,fgsm'], /a list of names, each once/],
    [['--drop', '101'], /unknown option '--drop'/],
  ] as const) {
    const { code, stderr } = await run('robustness', 'nowhere.safetensors', '--data', 'demo', ...more);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  }
}, 60_000);
