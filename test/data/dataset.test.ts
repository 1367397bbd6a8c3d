import path from 'node:path';
import { openDataset } from '../../src/data/dataset';
import { formats, openSource } from '../../src/data/datasets';
import { failure, noise, png, put, tarOf, temporaryFolder } from './fixtures';

const temporary = temporaryFolder();
const root = path.join(temporary, 'set');
const archive = path.join(temporary, 'set.tar');

beforeAll(async () => {
  const files = await Promise.all([1, 2, 3].map((start) => png(noise(6, 6, start), 6, 6)));
  const names = ['train/cat/1.png', 'train/dog/1.png', 'test/dog/2.png'];
  names.forEach((name, i) => put(root, name, files[i]));
  put(temporary, 'set.tar', await tarOf(names.map((name, i) => ({ name, content: files[i] }))));
  put(temporary, 'cifar/data_batch_1.bin', new Uint8Array(3073));
  put(temporary, 'demo/cat/1.png', files[0]);
});

test('every format has a name of its own and a summary', () => {
  expect(new Set(formats.map(({ name }) => name)).size).toBe(formats.length);
  for (const { summary } of formats) expect(summary.length).toBeGreaterThan(10);
});

test('a folder and the same in an archive give the same items and batches', async () => {
  const folder = await openDataset(root);
  const tar = await openDataset(archive);
  expect([folder.format, tar.format]).toEqual(['folder', 'tar']);
  expect(folder).toMatchObject({ path: root, classes: ['cat', 'dog'], length: 2, problems: [] });
  expect(tar.items).toEqual(folder.items);
  expect(folder.items.map(({ id }) => id)).toEqual(['train/cat/1.png', 'train/dog/1.png']);
  for await (const batch of folder.batches({ shuffle: false })) {
    expect(batch.images.shape).toEqual([2, 6, 6, 3]);
    expect(batch.images.data.subarray(108)).toEqual(noise(6, 6, 2));
    for await (const other of tar.batches({ shuffle: false })) expect(other).toEqual(batch);
  }
  await folder.close();
  await tar.close();
});

test('split and format are passed on, the content tells the format otherwise', async () => {
  const held = await openDataset({ path: archive, split: 'test' });
  expect(held.items).toEqual([{ id: 'test/dog/2.png', label: 1 }]);
  await held.close();
  const also = await openDataset(archive, { split: 'test' });
  expect(also.items).toEqual(held.items);
  await also.close();
  const wrong = (options: unknown) => failure(openDataset(archive, options as { split: string }));
  expect((await wrong({ splt: 'test' })).message).toMatch(/Unknown option "splt"/);
  expect((await wrong('test')).message).toMatch(/an object such as \{ split: "test" \}.*received "test"/);
  const cifar = await openDataset(path.join(temporary, 'cifar'));
  expect([cifar.format, cifar.length]).toEqual(['cifar', 1]);
  await cifar.close();
  const asFolder = await failure(openDataset({ path: path.join(temporary, 'cifar'), format: 'folder' }));
  expect(asFolder.message).toMatch(/holds no images/);
});

test('demo is the procedural set, and a folder of that name is reached by its path', async () => {
  const drawn = await openSource({ path: 'demo', demo: { count: 10, size: 32 } });
  expect([drawn.format, drawn.items.length]).toEqual(['demo', 10]);
  await drawn.close();
  const folder = await openDataset(path.join(temporary, 'demo'));
  expect([folder.format, folder.length]).toEqual(['folder', 1]);
});

test('what cannot be opened', async () => {
  const cases: [Parameters<typeof openDataset>[0], string, RegExp][] = [
    [path.join(temporary, 'none'), 'DATA', /none" cannot be opened: it is not there/],
    [
      path.join(root, 'train/cat/1.png'),
      'DATA',
      /1\.png" is not a folder and not a \.tar file; what can be opened: /,
    ],
    [{ path: root, split: 'val' }, 'DATA', /has no split "val"; there are: "test", "train"/],
    [
      { path: root, format: 'foldr' },
      'ARGUMENT',
      /for format but received "foldr" \(did you mean "folder"\?\)/,
    ],
    [{ path: root, format: 'tar' }, 'DATA', /holds no \.tar files/],
    ['', 'ARGUMENT', /Expected a non-empty string for path/],
    [{ path: root, splt: 'x' } as never, 'ARGUMENT', /Unknown option "splt" in openDataset options/],
    [{ path: root, split: 3 } as never, 'ARGUMENT', /Expected a non-empty string for split but received 3/],
    [{ path: 'demo', demo: { sise: 3 } } as never, 'ARGUMENT', /Unknown option "sise" in demo/],
    [7 as never, 'ARGUMENT', /Expected an object of options/],
    [undefined as never, 'ARGUMENT', /Expected a non-empty string for path but received undefined/],
    [null as never, 'ARGUMENT', /Expected an object of options/],
  ];
  for (const [options, code, message] of cases) {
    const error = await failure(openDataset(options));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  }
});

test('wrong options of batches reject at the first step, they do not throw', async () => {
  const dataset = await openDataset(root);
  const wrong = dataset.batches({ batch: 0 })[Symbol.asyncIterator]();
  expect((await failure(wrong.next())).message).toMatch(/for batch but received 0/);
});
