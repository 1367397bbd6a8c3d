import { execFileSync, spawnSync } from 'node:child_process';
import { truncateSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { tar } from '../../src/data/datasets/tar';
import type { DatasetSource } from '../../src/data/source';
import { failure, put, tarOf, type TarEntry, temporaryFolder } from './fixtures';

const temporary = temporaryFolder();
let count = 0;
const opened: DatasetSource[] = [];

async function write(entries: readonly TarEntry[], name = `${count++}.tar`): Promise<string> {
  return put(temporary, name, await tarOf(entries));
}

async function open(file: string, split?: string): Promise<DatasetSource> {
  const source = await tar.open({ path: file, split });
  opened.push(source);
  return source;
}

afterAll(() => Promise.all(opened.map((source) => source.close())));

const text = async (source: DatasetSource, id: string) =>
  Buffer.from((await source.read(source.items.findIndex((item) => item.id === id))) as Uint8Array).toString();

const idsOf = ({ items }: DatasetSource) => items.map(({ id }) => id);
const byClass = ({ items, classes }: DatasetSource) =>
  items.map(({ id, label }) => `${id}=${classes[label]}`);

const refused = async (file: string, message: RegExp) => {
  const error = await failure(open(file));
  expect(error).toMatchObject({ code: 'DATA' });
  expect(error.message).toContain(path.basename(file));
  expect(error.message).toMatch(message);
};

test('class folders: ids without ./, ordered by bytes, bytes read from their places', async () => {
  const big = 'B'.repeat(70_001); // more than one of anything: blocks of the archive, chunks of a stream
  const file = await write([
    { name: './', type: 'directory' },
    { name: './dog/2.jpg', content: 'second dog' },
    { name: './dog/1.jpg', content: big },
    { name: './cat/1.jpg', content: 'cat' },
    { name: './cat/empty.jpg', content: '' },
    { name: './notes.txt', content: 'no image' },
  ]);
  const source = await open(file);
  expect(byClass(source)).toEqual(['cat/1.jpg=cat', 'cat/empty.jpg=cat', 'dog/1.jpg=dog', 'dog/2.jpg=dog']);
  expect(await text(source, 'dog/2.jpg')).toBe('second dog');
  expect(await text(source, 'dog/1.jpg')).toBe(big);
  expect(await text(source, 'cat/1.jpg')).toBe('cat');
  expect(await text(source, 'cat/empty.jpg')).toBe('');
  expect(await tar.matches(file)).toBe(true);
});

test('long and non-ASCII names, which need extended headers, have their bytes at the right place', async () => {
  const long = `cat/${'very-long-name-'.repeat(15)}.jpg`;
  const source = await open(
    await write([
      { name: long, content: 'long' },
      { name: 'cät/ñ.jpg', content: 'accents' },
      { name: 'cat/1.jpg', content: 'after' },
    ]),
  );
  expect(idsOf(source)).toEqual(['cat/1.jpg', long, 'cät/ñ.jpg']);
  expect(await text(source, long)).toBe('long');
  expect(await text(source, 'cät/ñ.jpg')).toBe('accents');
  expect(await text(source, 'cat/1.jpg')).toBe('after');
});

const hasGnuTar = String(spawnSync('tar', ['--version']).stdout).includes('GNU tar');
if (hasGnuTar) {
  test.each(['gnu', 'pax', 'ustar', 'v7'])('archives of GNU tar in the format %s', async (format) => {
    const long = `cat/${'n'.repeat(80)}.jpg`;
    const longer = ['gnu', 'pax'].includes(format) ? `cat/${'m'.repeat(200)}.jpg` : 'cat/m.jpg';
    const root = path.join(temporary, format);
    put(root, long, 'long');
    put(root, longer, 'longer');
    put(root, 'dog/1.jpg', 'x'.repeat(1000));
    const file = path.join(temporary, `${format}.tar`);
    execFileSync('tar', [`--format=${format}`, '-cf', file, '-C', root, '.']);
    const source = await open(file);
    expect(byClass(source)).toEqual([`${longer}=cat`, `${long}=cat`, 'dog/1.jpg=dog']);
    expect([await text(source, longer), await text(source, long)]).toEqual(['longer', 'long']);
    expect(await text(source, 'dog/1.jpg')).toBe('x'.repeat(1000));
  });
}

test('splits and flat archives follow the rules of folders', async () => {
  const both = await write([
    { name: 'train/cat/1.jpg', content: 'a' },
    { name: 'test/dog/1.jpg', content: 'b' },
    { name: 'test/cat/1.jpg', content: 'c' },
  ]);
  expect(byClass(await open(both))).toEqual(['train/cat/1.jpg=cat']);
  const held = await open(both, 'test');
  expect(byClass(held)).toEqual(['test/cat/1.jpg=cat', 'test/dog/1.jpg=dog']);
  expect(await text(held, 'test/dog/1.jpg')).toBe('b');
  expect(byClass(await open(await write([{ name: './n01_a_b.JPEG' }, { name: './n02.jpg' }])))).toEqual([
    'n01_a_b.JPEG=n01',
    'n02.jpg=n02',
  ]);
  expect((await failure(open(both, 'val'))).message).toMatch(/no split "val"; there are: "test", "train"/);
});

test('of two entries with one name the last counts', async () => {
  const source = await open(
    await write([
      { name: 'cat/1.jpg', content: 'old' },
      { name: 'cat/2.jpg', content: 'other' },
      { name: 'cat/1.jpg', content: 'newer' },
    ]),
  );
  expect(idsOf(source)).toEqual(['cat/1.jpg', 'cat/2.jpg']);
  expect(await text(source, 'cat/1.jpg')).toBe('newer');
});

test('the last counts among links and files of one name, too', async () => {
  const source = await open(
    await write([
      { name: 'cat/1.jpg', type: 'symlink', linkname: '2.jpg' },
      { name: 'cat/1.jpg', content: 'a file after all' },
      { name: 'cat/2.jpg', content: 'other' },
      { name: 'cat/3.jpg', content: 'a file no more' },
      { name: 'cat/3.jpg', type: 'symlink', linkname: 'nowhere.jpg' },
    ]),
  );
  expect(idsOf(source)).toEqual(['cat/1.jpg', 'cat/2.jpg']);
  expect(await text(source, 'cat/1.jpg')).toBe('a file after all');
  expect(source.problems.map(({ file }) => file)).toEqual(['cat/3.jpg']);
});

test('links inside the archive are followed; those that lead nowhere are problems', async () => {
  const source = await open(
    await write([
      { name: 'cat/1.jpg', content: 'cat' },
      { name: 'dog/hard.jpg', type: 'link', linkname: 'cat/1.jpg' },
      { name: 'dog/soft.jpg', type: 'symlink', linkname: '../cat/1.jpg' },
      { name: 'dog/twice.jpg', type: 'symlink', linkname: 'soft.jpg' },
      { name: 'dog/gone.jpg', type: 'symlink', linkname: '/etc/passwd' },
      { name: 'dog/self.jpg', type: 'symlink', linkname: 'self.jpg' },
    ]),
  );
  expect(idsOf(source)).toEqual(['cat/1.jpg', 'dog/hard.jpg', 'dog/soft.jpg', 'dog/twice.jpg']);
  expect(await text(source, 'dog/hard.jpg')).toBe('cat');
  expect(await text(source, 'dog/twice.jpg')).toBe('cat');
  expect(source.problems.map(({ file }) => file)).toEqual(['dog/gone.jpg', 'dog/self.jpg']);
  expect(source.problems[1].reason).toMatch(/is a link to "dog\/self\.jpg", which is no file of the archive/);
});

describe('a folder of shards', () => {
  test('ids are shard/entry, keys do not mix between shards', async () => {
    await write(
      [
        { name: '0.jpg', content: 'b0' },
        { name: '0.cls', content: '1' },
      ],
      'shards/b.tar',
    );
    await write(
      [
        { name: '0.jpg', content: 'a0' },
        { name: '0.cls', content: '0' },
      ],
      'shards/a.tar',
    );
    await write(
      [
        { name: '1.jpg', content: 'A1' },
        { name: '1.cls', content: '1' },
      ],
      'shards/a-1.tar',
    );
    const root = path.join(temporary, 'shards');
    expect(await tar.matches(root)).toBe(true);
    const source = await open(root);
    expect(byClass(source)).toEqual(['a-1.tar/1.jpg=1', 'a.tar/0.jpg=0', 'b.tar/0.jpg=1']);
    expect(await text(source, 'b.tar/0.jpg')).toBe('b0');
    expect(await text(source, 'a.tar/0.jpg')).toBe('a0');
  });

  test('class folders inside shards', async () => {
    await write([{ name: 'train/cat/1.jpg' }, { name: 'test/cat/2.jpg' }], 'split/0.tar');
    await write([{ name: 'train/dog/1.jpg' }], 'split/1.tar');
    expect(byClass(await open(path.join(temporary, 'split')))).toEqual([
      '0.tar/train/cat/1.jpg=cat',
      '1.tar/train/dog/1.jpg=dog',
    ]);
  });

  test('a folder with other files is not one', async () => {
    await write([{ name: 'cat/1.jpg' }], 'mixed/0.tar');
    put(temporary, 'mixed/cat/1.jpg', 'x');
    expect(await tar.matches(path.join(temporary, 'mixed'))).toBe(false);
  });
});

describe('archives that cannot be used', () => {
  test('compressed', async () => {
    const bytes = gzipSync(await tarOf([{ name: 'cat/1.jpg' }]));
    const advice = /unpack it, or make a plain \.tar: compressed archives cannot be read at random/;
    for (const name of ['x.tar.gz', 'x.tgz']) {
      const file = put(temporary, name, bytes);
      expect(await tar.matches(file)).toBe(true);
      await refused(file, advice);
    }
    await refused(put(temporary, 'gz-inside.tar', bytes), /compressed ones must be unpacked first|cut short/);
  });

  test('cut short, in the content and in a header', async () => {
    const entries = [
      { name: 'cat/1.jpg', content: 'x'.repeat(4000) },
      { name: 'cat/2.jpg', content: 'y'.repeat(4000) },
    ];
    const inContent = await write(entries);
    truncateSync(inContent, 512 + 4096 + 512 + 1000);
    await refused(inContent, /is cut short or damaged after 2 entries/);
    const inHeader = await write(entries);
    truncateSync(inHeader, 512 + 4096 + 100);
    await refused(inHeader, /is cut short or damaged after 1 entries/);
  });

  test('not a tar archive, empty, or not there', async () => {
    await refused(put(temporary, 'text.tar', 'a text file '.repeat(200)), /cannot be read as a tar archive/);
    await refused(put(temporary, 'short.tar', 'a text file'), /cut short or damaged after 0 entries/);
    await refused(put(temporary, 'empty.tar', ''), /holds no images/);
    await refused(path.join(temporary, 'none.tar'), /cannot be opened: it is not there/);
  });

  test('one that shrinks after it was opened fails for the file concerned only', async () => {
    const file = await write([
      { name: 'cat/1.jpg', content: 'first' },
      { name: 'cat/2.jpg', content: 'second' },
    ]);
    const source = await open(file);
    truncateSync(file, 1024 + 512 + 3);
    expect(await text(source, 'cat/1.jpg')).toBe('first');
    const error = await failure(source.read(1));
    expect(error).toMatchObject({ code: 'FILE', file: 'cat/2.jpg' });
    expect(error.message).toMatch(/"cat\/2\.jpg" is no longer whole/);
  });

  test('after close nothing can be read, and closing twice is fine', async () => {
    const source = await open(await write([{ name: 'cat/1.jpg', content: 'x' }]));
    await source.close();
    await source.close();
    expect((await failure(source.read(0))).message).toMatch(/"cat\/1\.jpg" cannot be read from its archive/);
  });
});
