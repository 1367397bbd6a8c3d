/** A run that is gone on with: whether its files are those that it was begun with, and which versions wrote to its folder. */
import { copyFileSync, cpSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { put, tarOf } from '../data/fixtures';
import { contents, imageFolder, labelLines, run, workFolder } from './fixtures';

const work = workFolder();
const data = join(work, 'data');
const out = join(work, 'out');
const options = ['--batch', '4', '--seed', '7'];
const augment = (from: string, to: string, ...more: string[]) =>
  run('augment', from, '--out', to, ...options, ...more);

interface RunFile {
  status: string;
  version: string;
  environment: Record<string, string>;
  started: string;
  history?: { versions: Record<string, string>; from: number; started: string }[];
  inputs?: Record<string, Record<string, string>>;
  settings: Record<string, unknown> & Record<'mixer' | 'optimizer' | 'augment', Record<string, unknown>>;
}
const runFile = (folder: string) => JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as RunFile;
const editRun = (folder: string, edit: (file: RunFile) => void) => {
  const file = runFile(folder);
  edit(file);
  writeFileSync(join(folder, 'run.json'), JSON.stringify(file));
};

/** A copy of the finished run, as if it had been stopped after some images. */
function stopped(name: string, images = 24): string {
  const folder = join(work, name);
  cpSync(out, folder, { recursive: true });
  const labels = join(folder, 'labels.jsonl');
  const lines = readFileSync(labels, 'utf8').split('\n').slice(0, images);
  writeFileSync(labels, lines.map((line) => `${line}\n`).join(''));
  editRun(folder, (file) => (file.status = 'running'));
  return folder;
}

/** Another copy of the data, dates and all, that a test may change. */
function copyOfData(name: string): string {
  const folder = join(work, name);
  cpSync(data, folder, { recursive: true, preserveTimestamps: true });
  return folder;
}

beforeAll(async () => {
  await imageFolder(data, 40, 32);
  await new Promise((tick) => setTimeout(tick, 20));
  expect((await augment(data, out)).code).toBe(0);
  expect((await augment(data, join(work, 'strict'), '--strict')).code).toBe(0);
});

const refused = (folder: string, from: string, words: string) => ({
  code: 1,
  stderr: expect.stringContaining(
    `error: ${folder} was begun with other data: ${from} has changed since ${runFile(folder).started}: ${words}`,
  ) as string,
});

test('the same files, also in another place: it goes on to the same bytes', async () => {
  const folder = stopped('same');
  const { code, stderr } = await augment(copyOfData('same-data'), folder, '--resume');
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('warning')]);
  expect(contents(folder)).toEqual(contents(out));
});

test.each<[what: string, change: (from: string) => void, words: string]>([
  [
    'other pixels',
    (from) => copyFileSync(join(from, 'class_1/image_004.png'), join(from, 'class_1/image_007.png')),
    'class_1/image_007.png. Resume with the data as it was, or start over with --force',
  ],
  [
    'other pixels of the same size',
    (from) => {
      const file = join(from, 'class_0/image_003.png');
      const bytes = readFileSync(file);
      bytes[bytes.length - 20] ^= 1;
      writeFileSync(file, bytes);
    },
    'class_0/image_003.png. Resume with the data as it was, or start over with --force; sizes are the same: where only the dates are others, resume with --ignore-dates',
  ],
  [
    'a file more',
    (from) => copyFileSync(join(from, 'class_1/image_004.png'), join(from, 'class_0/more.png')),
    'class_0/more.png; "class_0" had 14 files and now has 15.',
  ],
  [
    'a file less',
    (from) => rmSync(join(from, 'class_2/image_005.png')),
    '"class_2" had 13 files and now has 12.',
  ],
  [
    'a class more and one less',
    (from) => {
      cpSync(join(from, 'class_2'), join(from, 'new'), { recursive: true, preserveTimestamps: true });
      rmSync(join(from, 'class_2'), { recursive: true });
    },
    'new/image_002.png, new/image_005.png, new/image_008.png and 10 more files; "class_2" is gone, "new" is new.',
  ],
])('%s: refused, naming it', async (what, change, words) => {
  const folder = stopped(what);
  const before = contents(folder);
  const from = copyOfData(`${what}-data`);
  // As if it had been begun now, so that what was copied is older; clocks of file systems may be some milliseconds ahead.
  await new Promise((tick) => setTimeout(tick, 50));
  editRun(folder, (file) => (file.started = new Date().toISOString()));
  await new Promise((tick) => setTimeout(tick, 50));
  change(from);
  expect(await augment(from, folder, '--resume')).toMatchObject(refused(folder, from, words));
  expect(contents(folder)).toEqual(before);
  expect((await augment(from, folder, '--force')).code).toBe(0);
});

test('only other dates: refused, or told to ignore them', async () => {
  const folder = stopped('dates');
  const from = copyOfData('dates-data');
  for (const name of ['class_0/image_000.png', 'class_1/image_001.png']) utimesSync(join(from, name), 9, 9);
  const { code, stderr } = await augment(from, folder, '--resume');
  expect([code, stderr]).toEqual([1, expect.stringContaining('resume with --ignore-dates')]);
  expect((await augment(from, folder, '--resume', '--ignore-dates')).code).toBe(0);
  expect(contents(folder)).toEqual(contents(out));
});

describe('--strict', () => {
  test('a change that size and date do not show', async () => {
    const folder = join(work, 'strict');
    const from = copyOfData('strict-data');
    const file = join(from, 'class_0/image_003.png');
    const { atime, mtime } = statSync(file);
    const bytes = readFileSync(file);
    bytes[bytes.length - 20] ^= 1;
    writeFileSync(file, bytes);
    utimesSync(file, atime, mtime);
    expect((await augment(from, folder, '--resume')).code).toBe(0);
    expect(await augment(from, folder, '--resume', '--strict')).toMatchObject(refused(folder, from, ''));
  });

  test('other dates of the same content are nothing', async () => {
    const from = copyOfData('strict-dates');
    utimesSync(join(from, 'class_0/image_000.png'), 9, 9);
    expect((await augment(from, join(work, 'strict'), '--resume', '--strict')).code).toBe(0);
  });
});

/** The images of the data as one file that holds them all. */
const archives: Record<string, (from: string) => Promise<void>> = {
  async tar(from) {
    const names = [3, 6, 9, 12].map((i) => `class_0/image_${String(i).padStart(3, '0')}.png`);
    const entries = names.map((name) => ({ name, content: readFileSync(join(data, name)) }));
    writeFileSync(from, await tarOf([...entries, { name: 'class_1/x.png', content: entries[0].content }]));
  },
  async cifar(from) {
    put(
      from,
      'data_batch_1.bin',
      Uint8Array.from({ length: 6 * 3073 }, (_, i) => (i * i) % 10),
    );
  },
};

test.each(Object.keys(archives))('%s: the archive itself', async (format) => {
  const from = join(work, `archive.${format}`);
  await archives[format](from);
  const folder = join(work, `of-${format}`);
  expect((await augment(from, folder, '--size', '32')).code).toBe(0);
  const [[name, marks]] = Object.entries(runFile(folder).inputs?.data ?? {});
  expect(marks).toMatch(/^1 [0-9a-f]{12} [0-9a-f]{12}$/);
  const file = format === 'tar' ? from : join(from, name);
  await new Promise((tick) => setTimeout(tick, 20));
  const bytes = readFileSync(file);
  bytes[600] ^= 1; // within the first image
  writeFileSync(file, bytes);
  expect(await augment(from, folder, '--size', '32', '--resume')).toMatchObject(refused(folder, from, name));
});

describe('versions', () => {
  const note = (folder: string) =>
    runFile(folder).history?.map(({ versions, from }) => [versions.sharp, from]);

  test('run.json has each that wrote to the folder, and the command line says what changed', async () => {
    const folder = stopped('versions');
    const { sharp } = runFile(folder).environment;
    editRun(folder, ({ history }) => {
      if (history)
        Object.assign(history[0].versions, { sharp: '0.1.2', jpeg: 'libjpeg-turbo 1.0', node: 'v1' });
    });
    const { code, stderr } = await augment(data, folder, '--resume');
    expect(code).toBe(0);
    expect(stderr).toContain(
      `warning: ${folder} was written with other versions: sharp was 0.1.2 and is now ${sharp}; the JPEG decoder was libjpeg-turbo 1.0 and is now `,
    );
    expect(stderr).not.toContain('node was');
    expect(note(folder)).toEqual([
      ['0.1.2', 0],
      [sharp, expect.any(Number)],
    ]);
    const [, second] = runFile(folder).history ?? [];
    // The last part is done anew.
    expect(second.from).toBeGreaterThan(0);
    expect(second.from).toBeLessThan(24);
    expect(Date.parse(second.started)).toBeGreaterThan(Date.parse(runFile(folder).started));
    expect(labelLines(folder)).toHaveLength(40);
    // Complete: nothing is written, and nothing said.
    expect((await augment(data, folder, '--resume')).stderr).not.toContain('warning');
    expect(note(folder)).toHaveLength(2);
  });

  test('a run of an earlier version, which has neither history nor files', async () => {
    const folder = stopped('earlier');
    editRun(folder, (file) => {
      delete file.history;
      delete file.inputs;
      delete file.environment.jpeg;
      file.version = '0.0.9';
    });
    const { code, stderr } = await augment(data, folder, '--resume');
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /other versions: saliencymix was 0\.0\.9 and is now \d+\.\d+\.\d+\. What is written from/,
    );
    expect(runFile(folder).history).toMatchObject([
      { versions: { saliencymix: '0.0.9' }, from: 0, started: runFile(folder).started },
      { versions: { jpeg: expect.any(String) as string } },
    ]);
    expect(runFile(folder).inputs).toEqual(runFile(out).inputs);
    expect(contents(folder)).toEqual(contents(out));
  });
});

describe('an option that an earlier version did not have counts as its default', () => {
  const another = (what: string) => ({
    code: 1,
    stderr: expect.stringContaining(`was begun with other settings: ${what}. Resume with`) as string,
  });

  test('augment', async () => {
    const folder = stopped('fewer-settings');
    editRun(folder, ({ settings }) => {
      delete settings.encoding;
      delete settings.mixer.ties;
    });
    const resume = (...more: string[]) => augment(data, folder, '--resume', ...more);
    expect(await resume('--ties', 'random')).toMatchObject(
      another('mixer.ties was "first" and is now "random"'),
    );
    expect(await resume('--encoding', 'webp')).toMatchObject(another('encoding was "png" and is now "webp"'));
    expect((await resume()).code).toBe(0);
    expect(contents(folder)).toEqual(contents(out));
  });

  test('train', async () => {
    const folder = join(work, 'fewer-learned');
    const net = '--no-test --model resnet --layers 1 --width 4 --threads 1 --batch 16 --epochs 1';
    const train = (...more: string[]) =>
      run('train', '--data', data, '--out', folder, ...net.split(' '), ...more);
    expect((await train()).code).toBe(0);
    editRun(folder, (file) => {
      file.status = 'running';
      delete file.settings.labelSmoothing;
      delete file.settings.mean;
      delete file.settings.mixer.box;
      delete file.settings.optimizer.weightDecay;
      delete file.settings.augment.flip;
    });
    const wrong = await train('--resume', '--label-smoothing', '0.1', '--no-flip', '--mean', '0,0.456,0.406');
    expect(wrong).toMatchObject(
      another(
        'augment.flip was true and is now false; labelSmoothing was 0 and is now 0.1; mean.0 was 0.485 and is now 0',
      ),
    );
    expect((await train('--resume')).code).toBe(0);
  });
});

test('train: the data, the test data, and the versions', async () => {
  const test = join(work, 'tested');
  await imageFolder(test, 6, 32);
  const folder = join(work, 'trained');
  const net = '--model resnet --layers 1 --width 4 --stem cifar --threads 1 --batch 8 --lr 0.01';
  const train = (...more: string[]) =>
    run(
      'train',
      '--data',
      data,
      '--test',
      test,
      '--out',
      folder,
      ...net.split(' '),
      '--epochs',
      '1',
      ...more,
    );
  expect((await train()).code).toBe(0);
  const { history, inputs } = runFile(folder);
  expect(history).toMatchObject([
    { from: 0, versions: { onnxruntime: expect.stringMatching(/^\d+\./) as string } },
  ]);
  expect(Object.keys(inputs ?? {})).toEqual(['data', 'test']);
  editRun(folder, (file) => {
    file.status = 'running';
    if (file.history) file.history[0].versions.onnxruntime = '1.0.0';
  });
  const { code, stderr } = await train('--resume');
  expect([code, stderr]).toEqual([0, expect.stringContaining('onnxruntime-node was 1.0.0 and is now ')]);
  expect(runFile(folder).history).toMatchObject([{ from: 0 }, { from: 5 }]);
  await new Promise((tick) => setTimeout(tick, 20));
  copyFileSync(join(test, 'class_0/image_000.png'), join(test, 'class_0/image_003.png'));
  expect(await train('--resume')).toMatchObject(refused(folder, test, 'class_0/image_003.png.'));
});
