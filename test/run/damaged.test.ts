/** Folders of stopped runs whose files were changed or damaged since: they go on, or say what is wrong with which file. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { augment } from '../../src';
import { train, Trainer } from '../../src/train';
import { SaliencyMixError } from '../../src/errors';

const work = mkdtempSync(join(tmpdir(), 'saliencymix-run-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const data = { path: 'demo', demo: { count: 6, size: 16 } };
const augmenting = { data, size: 16, batch: 2, mixer: { method: 'cutmix' } } as const;
const net = { model: 'resnet', layers: [1, 1], width: 2, threads: 1 } as const;
const training = { data, test: false, size: 16, batch: 2, epochs: 1, ...net } as const;

type Run = Record<string, unknown>;

const [augmented, trained] = [join(work, 'augmented'), join(work, 'trained')];
beforeAll(async () => {
  await augment({ ...augmenting, out: augmented });
  await train({ ...training, out: trained });
}, 60_000);

let count = 0;
/** A copy of a run's folder that says that it was stopped, with something changed. */
function stopped(of: string, change: (run: Run) => void = () => undefined): string {
  const out = join(work, `stopped-${count++}`);
  cpSync(of, out, { recursive: true });
  const file = join(out, 'run.json');
  const run = JSON.parse(readFileSync(file, 'utf8')) as Run;
  run.status = 'running';
  change(run);
  writeFileSync(file, JSON.stringify(run));
  return out;
}

async function refused(promise: Promise<unknown>, code: string, message: RegExp) {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SaliencyMixError);
  expect((error as SaliencyMixError).code).toBe(code);
  expect((error as SaliencyMixError).message).toMatch(message);
}

test.each<[string, (run: Run) => void]>([
  ['history', (run) => void (run.history = [{ from: 0, started: '' }])],
  ['history', (run) => void (run.history = 'long')],
  ['environment', (run) => void delete run.environment],
  ['version', (run) => void (run.version = null)],
  ['inputs', (run) => void (run.inputs = { data: [1] })],
  ['bad', (run) => void Object.assign(run, { status: 'complete', bad: [{ file: 'x' }] })],
  ['images', (run) => void Object.assign(run, { status: 'complete', images: 'many' })],
])('run.json with another "%s"', async (name, change) => {
  const message = new RegExp(
    `run\\.json is damaged or was edited: its "${name}" has another form; .*--force`,
  );
  await refused(
    augment({ ...augmenting, out: stopped(augmented, change), mode: 'resume' }),
    'OUTPUT',
    message,
  );
  const again = await augment({ ...augmenting, out: stopped(augmented, change), mode: 'force' });
  expect(again.images).toBe(6);
});

test.each(['settings', 'environment'])('run.json with %s too deep to be walked through', async (name) => {
  const out = stopped(augmented);
  const file = join(out, 'run.json');
  const deep = `{"deep":${'['.repeat(20_000)}${']'.repeat(20_000)},`;
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(`"${name}":{`, `"${name}":${deep}`));
  const message = /is not empty and holds no run\.json that can be read: there is no run to resume/;
  await refused(augment({ ...augmenting, out, mode: 'resume' }), 'OUTPUT', message);
});

test.each([
  ['another type for its file', (line: Run) => void (line.file = ['x'])],
  ['no place', (line: Run) => void delete line.batch],
])('labels.jsonl from a line on with %s is written again', async (_, change) => {
  const out = stopped(augmented);
  const file = join(out, 'labels.jsonl');
  const before = readFileSync(file, 'utf8');
  const lines = before
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Run);
  change(lines[3]);
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  expect((await augment({ ...augmenting, out, mode: 'resume' })).images).toBe(6);
  expect(readFileSync(file, 'utf8')).toBe(before);
});

test('errors.jsonl that no run has written is not taken over', async () => {
  const out = stopped(augmented);
  writeFileSync(join(out, 'errors.jsonl'), '{"copy":0,"batch":0,"file":1}\nnull\n');
  expect((await augment({ ...augmenting, out, mode: 'resume' })).bad).toEqual([]);
});

test.each(['{"kind":"step","step":1', 'null', '{"kind":"epoch","epoch":1}', '{"kind":"other"}'])(
  'metrics.jsonl with the line %s',
  async (line) => {
    const out = stopped(trained);
    const file = join(out, 'metrics.jsonl');
    const [first, ...rest] = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, [first, line, ...rest].join('\n'));
    const message = /metrics\.jsonl is damaged in line 2: take the file from a copy, or delete it/;
    await refused(train({ ...training, out, mode: 'resume' }), 'OUTPUT', message);
    rmSync(file);
    expect((await train({ ...training, out, mode: 'resume' })).steps).toBe(3);
  },
);

test("a checkpoint of a trainer of one's own does not say where the run was", async () => {
  const out = stopped(trained);
  const file = join(out, 'checkpoint.safetensors');
  const trainer = await Trainer.resume(file);
  trainer.notes = { mine: true };
  await trainer.save(file);
  await trainer.close();
  const message =
    /checkpoint\.safetensors is a checkpoint, but does not say where a training run was: .*--force/;
  await refused(train({ ...training, out, mode: 'resume' }), 'CHECKPOINT', message);
});
