import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { folder } from '../../src/data/datasets/folder';
import { failure, put, temporaryFolder } from './fixtures';

const temporary = temporaryFolder();
let count = 0;
const fresh = () => path.join(temporary, `set-${count++}`);

test('lists by bytes and reads the file behind an id', async () => {
  const root = fresh();
  put(root, 'é/1.jpg', 'e');
  put(root, 'b/deep/er/1.png', 'b');
  put(root, 'Z/1.JPG', 'z');
  put(root, 'Z/readme.txt', 'no');
  put(root, '.hidden/1.jpg', 'no');
  put(root, '__MACOSX/Z/._1.jpg', 'no');
  for (const name of ['1.jpg', 'deep/2.JPG', 'deep/3.bmp', 'index']) put(root, `Z/.thumbs/${name}`, 'no');
  const source = await folder.open({ path: root });
  expect(source.format).toBe('folder');
  expect(source.classes).toEqual(['Z', 'b', 'é']);
  expect(source.items.map(({ id }) => id)).toEqual(['Z/1.JPG', 'b/deep/er/1.png', 'é/1.jpg']);
  expect(Buffer.from((await source.read(1)) as Uint8Array).toString()).toBe('b');
  expect(source.problems).toEqual([]);
  expect(source.leftOut).toEqual({
    '.hidden/*.jpg': 1,
    '.thumbs/': 1,
    '.thumbs/*.bmp': 1,
    '.thumbs/*.jpg': 2,
    '.txt': 1,
    '__MACOSX/': 1,
  });
  await source.close();
  expect(await folder.matches(root)).toBe(true);
  expect(await folder.matches(path.join(root, 'Z/1.JPG'))).toBe(false);
  expect(await folder.matches(path.join(root, 'none'))).toBe(false);
});

test('follows links to files and folders', async () => {
  const root = fresh();
  const elsewhere = fresh();
  put(elsewhere, 'dogs/1.jpg', 'dog');
  put(elsewhere, 'one.jpg', 'cat');
  mkdirSync(path.join(root, 'cat'), { recursive: true });
  symlinkSync(path.join(elsewhere, 'one.jpg'), path.join(root, 'cat/link.jpg'));
  symlinkSync(path.join(elsewhere, 'dogs'), path.join(root, 'dog'));
  const source = await folder.open({ path: root });
  expect(source.items.map(({ id }) => id)).toEqual(['cat/link.jpg', 'dog/1.jpg']);
  expect(Buffer.from((await source.read(0)) as Uint8Array).toString()).toBe('cat');
  expect(source.problems).toEqual([]);
});

test('a link back to a folder above is a problem, not an endless walk', async () => {
  const root = fresh();
  put(root, 'cat/1.jpg', 'x');
  symlinkSync('..', path.join(root, 'cat/up'));
  symlinkSync('.', path.join(root, 'cat/here'));
  const { items, problems } = await folder.open({ path: root });
  expect(items.map(({ id }) => id)).toEqual(['cat/1.jpg']);
  const found = problems.toSorted((a, b) => (a.file < b.file ? -1 : 1));
  expect(found.map(({ file }) => file)).toEqual(['cat/here', 'cat/up']);
  for (const { reason } of found) expect(reason).toMatch(/is a link back to .*, a folder it lies in/);
});

test('two links to one folder beside it are no loop', async () => {
  const root = fresh();
  put(root, 'cat/1.jpg', 'x');
  symlinkSync('cat', path.join(root, 'tom'));
  const { items, problems } = await folder.open({ path: root });
  expect(items.map(({ id }) => id)).toEqual(['cat/1.jpg', 'tom/1.jpg']);
  expect(problems).toEqual([]);
});

test('broken links, folders and pipes called like images fail alone and by name', async () => {
  const root = fresh();
  put(root, 'a/good.jpg', 'good');
  symlinkSync('self.jpg', path.join(root, 'a/self.jpg'));
  symlinkSync('nowhere', path.join(root, 'a/gone.jpg'));
  mkdirSync(path.join(root, 'a/dir.jpg'));
  execFileSync('mkfifo', [path.join(root, 'a/pipe.jpg')]);
  symlinkSync('round', path.join(root, 'a/round'));
  const source = await folder.open({ path: root });
  const index = (id: string) => source.items.findIndex((item) => item.id === id);
  const reasons: [string, RegExp][] = [
    ['a/self.jpg', /^"a\/self\.jpg" cannot be read: its links go round in a circle/],
    ['a/gone.jpg', /^"a\/gone\.jpg" cannot be read: it is not there, or is a link to something that is not/],
    ['a/dir.jpg', /^"a\/dir\.jpg" is a directory, not an image/],
    ['a/pipe.jpg', /^"a\/pipe\.jpg" is not a plain file/],
  ];
  for (const [id, message] of reasons) {
    const error = await failure(source.read(index(id)));
    expect(error).toMatchObject({ code: 'FILE', file: id });
    expect(error.message).toMatch(message);
  }
  expect(Buffer.from((await source.read(index('a/good.jpg'))) as Uint8Array).toString()).toBe('good');
  expect(source.problems).toEqual([
    { file: 'a/round', reason: expect.stringMatching(/cannot be followed: its links go round/) },
  ]);
});

test('what is not there, not a folder, or holds no images', async () => {
  const root = fresh();
  const file = put(root, 'text.txt', 'x');
  const cases: [string, RegExp][] = [
    [path.join(root, 'none'), /none" cannot be opened as a folder of images: it is not there/],
    [file, /text\.txt" cannot be opened as a folder of images: it is not a folder/],
    [root, /holds no images \(looked for/],
  ];
  for (const [where, message] of cases) {
    const error = await failure(folder.open({ path: where }));
    expect(error).toMatchObject({ code: 'DATA', file: where });
    expect(error.message).toMatch(message);
  }
});

test('names that are not UTF-8 are kept apart as bytes, shown escaped, and read', async () => {
  const root = fresh();
  const latin1 = (name: string) => Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, 'latin1')]);
  put(root, 'ok/1.png', 'ok');
  put(root, 'caf/é.png', 'UTF-8');
  put(root, 'caf/\\xE9.png', 'a backslash');
  const files = ['caf/é.png', 'caf/è.png', 'd\xe9/deep/ü.jpg'];
  mkdirSync(latin1('d\xe9/deep'), { recursive: true });
  try {
    for (const name of files) writeFileSync(latin1(name), name);
  } catch {
    return; // macOS takes no such names
  }
  symlinkSync(latin1('d\xe9'), latin1('l\xe9'));
  symlinkSync('..', latin1('d\xe9/up'));
  const source = await folder.open({ path: root });
  expect(source.classes).toEqual(['caf', 'd\\xE9', 'l\\xE9', 'ok']);
  const read = source.items.map(async ({ id }, i) => [
    id,
    Buffer.from((await source.read(i)) as Uint8Array).toString(),
  ]);
  expect(Object.fromEntries(await Promise.all(read))).toEqual({
    'caf/\\x5CxE9.png': 'a backslash',
    'caf/\\xE8.png': 'caf/è.png',
    'caf/\\xE9.png': 'caf/é.png',
    'caf/é.png': 'UTF-8',
    'd\\xE9/deep/\\xFC.jpg': 'd\xe9/deep/ü.jpg',
    'l\\xE9/deep/\\xFC.jpg': 'd\xe9/deep/ü.jpg',
    'ok/1.png': 'ok',
  });
  expect(source.problems.map(({ file }) => file).toSorted()).toEqual(['d\\xE9/up', 'l\\xE9/up']);
});

test('a class that is spelled in two ways is one, in all splits', async () => {
  const root = fresh();
  for (const [split, form] of [
    ['train', 'NFD'],
    ['test', 'NFC'],
  ] as const) {
    put(root, `${split}/${'café'.normalize(form)}/1.png`, split);
    put(root, `${split}/dog/1.png`, split);
  }
  for (const split of ['train', 'test']) {
    const { classes, items, notices } = await folder.open({ path: root, split });
    expect(classes).toEqual(['café'.normalize('NFC'), 'dog']);
    expect(items.map(({ label }) => label)).toEqual([0, 1]);
    expect(notices).toEqual([
      expect.stringMatching(/^"café": written in composed and in decomposed characters/),
    ]);
  }
});

describe('label files beside the images of a flat folder', () => {
  test('tell the classes, not the names of files', async () => {
    const root = fresh();
    for (const [i, name] of ['cat', 'dog', 'cat'].entries()) {
      put(root, `img_${i}.jpg`, `${i}`);
      put(root, `img_${i}.cls`, `\ufeff${name}\r\n`);
    }
    put(root, 'img_3.jpg', 'none');
    put(root, 'img_4.jpg', 'too large');
    put(root, 'img_4.json', `{"label": "cat", "text": "${'x'.repeat(1 << 20)}"}`);
    const { items, classes, problems } = await folder.open({ path: root });
    expect(classes).toEqual(['cat', 'dog']);
    expect(items.map(({ id, label }) => `${id}=${label}`)).toEqual([
      'img_0.jpg=0',
      'img_1.jpg=1',
      'img_2.jpg=0',
    ]);
    expect(problems.map(({ file, reason }) => `${file} ${reason}`)).toEqual([
      expect.stringMatching(/^img_3\.jpg has no label/),
      expect.stringMatching(/^img_4\.jpg its label file "img_4\.json" is too large/),
    ]);
  });

  test('that are about something else, or beside class folders, change nothing', async () => {
    const root = fresh();
    put(root, 'a_1.jpg', 'x');
    put(root, 'b_1.jpg', 'x');
    put(root, 'a_1.json', '{"width": 3}');
    put(root, 'a_1.txt', 'a caption');
    put(root, 'run.json', '{"label": 3}');
    expect((await folder.open({ path: root })).classes).toEqual(['a', 'b']);
    put(root, 'cat/1.jpg', 'x');
    put(root, 'a_1.cls', '7');
    expect((await folder.open({ path: root })).classes).toEqual(['cat']);
  });
});
