import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { tar } from '../../src/data/datasets/tar';
import type { DatasetSource } from '../../src/data/source';
import { failure, put, temporaryFolder } from './fixtures';
import { rawEntry, type RawEntry, rawTar } from './raw-tar';

const temporary = temporaryFolder();
let count = 0;
const opened: DatasetSource[] = [];
const write = (bytes: Buffer) => put(temporary, `${count++}.tar`, bytes);

async function open(file: string): Promise<DatasetSource> {
  const source = await tar.open({ path: file });
  opened.push(source);
  return source;
}

afterAll(() => Promise.all(opened.map((source) => source.close())));

/** Id and content of every item. */
async function contents(source: DatasetSource): Promise<Record<string, string>> {
  const read = source.items.map(async ({ id }, i) => [
    id,
    Buffer.from((await source.read(i)) as Uint8Array).toString(),
  ]);
  return Object.fromEntries(await Promise.all(read)) as Record<string, string>;
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');

test('names that are not UTF-8 are kept apart, shown escaped, and read', async () => {
  const names = ['caf/é.png', 'caf/è.png', 'caf/à.png'].map(latin1);
  const long = latin1(`caf/${'ü'.repeat(120)}.png`);
  const source = await open(
    write(
      rawTar([
        ...names.map((name, i) => ({ name, content: `${i}` })),
        { name: Buffer.from('caf/é.png'), content: 'UTF-8' },
        { name: long, as: 'gnu', content: 'gnu' },
        { name: latin1('caf/pàx.png'), as: 'pax', content: 'pax' },
        { name: 'caf/\\xE9.png', content: 'a backslash' },
        { name: latin1('d\xe9/1.png'), content: 'class' },
      ]),
    ),
  );
  expect(await contents(source)).toEqual({
    'caf/\\xE9.png': '0',
    'caf/\\xE8.png': '1',
    'caf/\\xE0.png': '2',
    'caf/é.png': 'UTF-8',
    [`caf/${'\\xFC'.repeat(120)}.png`]: 'gnu',
    'caf/p\\xE0x.png': 'pax',
    'caf/\\x5CxE9.png': 'a backslash',
    'd\\xE9/1.png': 'class',
  });
  expect(source.classes).toEqual(['caf', 'd\\xE9']);
  expect(source.problems).toEqual([]);
});

test('links to names that are not UTF-8', async () => {
  const source = await open(
    write(
      rawTar([
        { name: latin1('caf/é.png'), content: 'e' },
        { name: 'caf/soft.png', flag: '2', link: latin1('é.png') },
        { name: 'caf/hard.png', flag: '1', link: latin1('caf/é.png') },
      ]),
    ),
  );
  expect(await contents(source)).toEqual({
    'caf/\\xE9.png': 'e',
    'caf/hard.png': 'e',
    'caf/soft.png': 'e',
  });
});

describe('names that lead out of the archive', () => {
  const unsafe = [
    '../a/1.png',
    '/a/1.png',
    'a/../../b/1.png',
    'a/../1.png',
    '//a/2.png',
    'C:\\a\\1.png',
    '..',
  ];

  test('are refused by name, the rest is read', async () => {
    const source = await open(
      write(
        rawTar([
          ...unsafe.map((name) => ({ name, content: 'out' })),
          { name: './a/./1.png', content: 'in' },
          { name: 'a/..1.png', content: 'in' },
          { name: 'a/...', content: 'no image' },
          { name: '-rf/1.png', content: 'in' },
          { name: 'a/new\nline.png', content: 'in' },
        ]),
      ),
    );
    expect(source.problems.map(({ file }) => file)).toEqual(unsafe);
    for (const { reason } of source.problems)
      expect(reason).toMatch(
        /^is unsafe: its name (is absolute|has "\.\.", which leads out of a folder); .*left out$/,
      );
    expect(await contents(source)).toEqual({ 'a/1.png': 'in', '-rf/1.png': 'in', 'a/new\nline.png': 'in' });
  });

  test('with nothing else it is an error that names the first', async () => {
    const error = await failure(open(write(rawTar([{ name: '../cat/0.png' }, { name: '../cat/1.png' }]))));
    expect(error.code).toBe('DATA');
    expect(error.message).toMatch(
      /holds no images that can be read, 2 entries were refused; the first: "\.\.\/cat\/0\.png" is unsafe/,
    );
  });
});

describe('sparse files are refused by name, the rest is read', () => {
  const rest: RawEntry[] = [{ name: 'a/1.png', content: 'read' }];

  test("GNU's own form, whose map goes on in blocks of its own", async () => {
    const sparse = (blocks: number) => {
      const map = Array.from({ length: blocks }, (_, i) => {
        const block = Buffer.alloc(512);
        block[504] = i + 1 < blocks ? 1 : 0;
        return block;
      });
      const entry = rawEntry({
        name: 'a/holes.tif',
        content: 'x'.repeat(700),
        flag: 'S',
        edit: (block) => {
          block.write('ustar  \0', 257, 'latin1');
          block[482] = blocks > 0 ? 1 : 0;
        },
      });
      return Buffer.concat([entry.subarray(0, 512), ...map, entry.subarray(512)]);
    };
    for (const blocks of [0, 1, 3]) {
      const source = await open(write(Buffer.concat([sparse(blocks), rawTar(rest)])));
      expect(await contents(source)).toEqual({ 'a/1.png': 'read' });
      expect(source.problems).toEqual([
        {
          file: 'a/holes.tif',
          reason: expect.stringMatching(/^is stored as a sparse file, which is not read/),
        },
      ]);
    }
  });

  test("pax, with the file's own name", async () => {
    const pax = {
      'GNU.sparse.major': '1',
      'GNU.sparse.minor': '0',
      'GNU.sparse.name': 'a/holes.tif',
      'GNU.sparse.realsize': '99',
    };
    const source = await open(
      write(rawTar([{ name: './GNUSparseFile.1/holes.tif', pax, content: '1\n0\n1\n' }, ...rest])),
    );
    expect(source.problems.map(({ file }) => file)).toEqual(['a/holes.tif']);
    expect(await contents(source)).toEqual({ 'a/1.png': 'read' });
  });

  test('a class of nothing else stays a class, so that the others keep their numbers', async () => {
    const pax = { 'GNU.sparse.major': '1', 'GNU.sparse.name': 'A/holes.tif' };
    const source = await open(write(rawTar([{ name: 'x', pax, content: '0\n' }, ...rest])));
    expect(source.classes).toEqual(['A', 'a']);
    expect(source.items).toEqual([{ id: 'a/1.png', label: 1 }]);
  });

  test('nothing that can be read is an error, also beside images without a class', async () => {
    const pax = { 'GNU.sparse.major': '1', 'GNU.sparse.name': 'A/holes.tif' };
    const entries = [
      { name: 'x', pax, content: '0\n' },
      { name: 'beside.png', content: 'x' },
    ];
    const error = await failure(open(write(rawTar(entries))));
    expect(error.code).toBe('DATA');
    expect(error.message).toMatch(
      /holds no images that can be read, 1 entry was refused; the first: "A\/holes\.tif" is stored as a sparse file/,
    );
  });

  const hasGnuTar = String(spawnSync('tar', ['--version']).stdout).includes('GNU tar');
  if (hasGnuTar) {
    test.each(['gnu', 'pax --sparse-version=0.0', 'pax --sparse-version=0.1', 'pax --sparse-version=1.0'])(
      'as GNU tar writes it: %s',
      async (form) => {
        const root = path.join(temporary, `sparse-${count++}`);
        put(root, 'a/1.png', 'read');
        const holes = put(root, 'a/holes.tif', '');
        const handle = openSync(holes, 'r+');
        for (let i = 0; i < 40; i++) writeSync(handle, 'x'.repeat(4096), i * 200_000);
        ftruncateSync(handle, 9_000_000);
        closeSync(handle);
        const file = path.join(temporary, `${count++}.tar`);
        execFileSync('tar', ['-S', ...`--format=${form}`.split(' '), '-cf', file, '-C', root, 'a']);
        const source = await open(file);
        expect(source.problems.map((problem) => problem.file)).toEqual(['a/holes.tif']);
        expect(await contents(source)).toEqual({ 'a/1.png': 'read' });
      },
    );
  }
});

describe('the end of an archive', () => {
  const first = rawTar([{ name: 'a/1.png', content: 'one' }]);
  const second = rawTar([{ name: 'a/2.png', content: 'two' }]);

  test('text after the blocks of zeros is not looked at', async () => {
    for (const text of ['trailing text', 'x'.repeat(5000)]) {
      const source = await open(write(Buffer.concat([first, Buffer.from(text)])));
      expect(await contents(source)).toEqual({ 'a/1.png': 'one' });
      expect(source.problems).toEqual([]);
    }
  });

  test('archives put one after another are read on', async () => {
    const source = await open(
      write(Buffer.concat([first, Buffer.alloc(9 * 512), second, Buffer.from('text')])),
    );
    expect(await contents(source)).toEqual({ 'a/1.png': 'one', 'a/2.png': 'two' });
  });

  test('without the blocks of zeros, but whole', async () => {
    const source = await open(write(first.subarray(0, 1024)));
    expect(await contents(source)).toEqual({ 'a/1.png': 'one' });
  });

  test('damage before the end is an error', async () => {
    const damaged = Buffer.concat([first.subarray(0, 1024), Buffer.from('x'.repeat(512)), second]);
    expect((await failure(open(write(damaged)))).message).toMatch(
      /is cut short or damaged after 1 entries \(there is no tar header at byte 1024\)/,
    );
  });
});

test('kinds of entries: directories and hard links with a size, devices, volumes, unknown flags', async () => {
  const source = await open(
    write(
      rawTar([
        { name: 'a', flag: '5', edit: (block) => block.write('00000001000\0', 124) },
        { name: 'a/1.png', content: 'one' },
        {
          name: 'a/hard.png',
          flag: '1',
          link: 'a/1.png',
          edit: (block) => block.write('00000001000\0', 124),
        },
        { name: 'a/pipe.png', flag: '6' },
        { name: 'a/part.png', flag: 'M', content: 'the end of it' },
        { name: 'the volume', flag: 'V' },
        { name: 'a/old.png', flag: '\0', content: 'of V7' },
        { name: 'a/new.png', flag: 'Z', content: 'of an unknown kind' },
        { name: 'a/dir.png/', flag: '0' },
      ]),
    ),
  );
  expect(await contents(source)).toEqual({
    'a/1.png': 'one',
    'a/hard.png': 'one',
    'a/new.png': 'of an unknown kind',
    'a/old.png': 'of V7',
  });
  expect(source.problems.map(({ file, reason }) => `${file} ${reason}`)).toEqual([
    expect.stringMatching(/^a\/pipe\.png is a device or pipe, not a file/),
    expect.stringMatching(/^a\/part\.png is a part of a file that goes on in another volume/),
  ]);
});

test('a size beyond eight octal gigabytes is binary, a checksum may be of signed bytes', async () => {
  const entry = rawEntry({
    name: latin1('a/é.png'),
    content: 'binary',
    edit: (block) => {
      block.fill(0, 124, 136);
      block[124] = 0x80;
      block[135] = 6;
    },
  });
  const signed = Buffer.from(entry);
  const sum = signed
    .subarray(0, 512)
    .reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte < 128 ? byte : byte - 256), 0);
  signed.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  for (const one of [entry, signed]) {
    expect(await contents(await open(write(Buffer.concat([one, Buffer.alloc(1024)]))))).toEqual({
      'a/\\xE9.png': 'binary',
    });
  }
});

const python = spawnSync('python3', ['-c', 'import tarfile']).status === 0;
if (python) {
  test.each(['USTAR_FORMAT', 'GNU_FORMAT', 'PAX_FORMAT'])(
    'archives of Python, %s, names in Latin-1 and Shift-JIS',
    async (format) => {
      const file = path.join(temporary, `${count++}.tar`);
      execFileSync('python3', [
        '-c',
        `
import io, tarfile
with tarfile.open(${JSON.stringify(file)}, 'w', format=tarfile.${format}) as archive:
    for name in (b'a/\\xe9.png', b'a/\\xe8.png', b'a/\\x83e\\x83X\\x83g.png', 'a/\\u00e9.png'.encode()):
        info = tarfile.TarInfo(name.decode('utf-8', 'surrogateescape'))
        info.size = len(name)
        archive.addfile(info, io.BytesIO(name))
`,
      ]);
      const source = await open(file);
      expect(source.problems).toEqual([]);
      expect(source.items.map(({ id }) => id)).toEqual([
        'a/\\x83e\\x83X\\x83g.png',
        'a/\\xE8.png',
        'a/\\xE9.png',
        'a/é.png',
      ]);
      const names = ['a/\x83e\x83X\x83g.png', 'a/\xe8.png', 'a/\xe9.png'].map(latin1);
      for (const [i, name] of [...names, Buffer.from('a/é.png')].entries()) {
        expect(Buffer.from((await source.read(i)) as Uint8Array)).toEqual(name);
      }
    },
  );
}
