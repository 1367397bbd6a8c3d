/**
 * Small files that claim to be large ones: each is refused by the size that it states, in words that name the option that
 * allows it, and with that option what is only a little too large is read.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { decode, probeSize } from '../../src/data/codec';
import { createGate, type Gate } from '../../src/data/concurrency';
import { type Dataset, openDataset } from '../../src/data/dataset';
import type { OpenOptions } from '../../src/data/datasets/format';
import { DEFAULT_LIMITS } from '../../src/data/limits';
import { loadBatch } from '../../src/data/load';
import { jpegVersion, loadJpegs } from '../../src/native/images';
import { failure, gray, jpeg, noise, png, put, sourceOf, tarOf, temporaryFolder } from './fixtures';
import { rawEntry, rawTar } from './raw-tar';

const temporary = temporaryFolder();
let folders = 0;
const newFolder = () => path.join(temporary, String(folders++));

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/** A file of so many bytes, which are zeros but for the first, and take no room on the disk. */
function sparse(root: string, name: string, bytes: number, start: Uint8Array | string = ''): string {
  const file = put(root, name, start);
  truncateSync(file, bytes);
  return file;
}

function chunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crcOf(body));
  return Buffer.concat([length, body, sum]);
}

/** zlib.crc32 came with Node 20.15. */
function crcOf(bytes: Uint8Array): number {
  if (typeof crc32 === 'function') return crc32(bytes);
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** A PNG of one bit a pixel, all black, of which the first rows are there. */
function blackPng(height: number, width: number, rows: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const pixels = deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * rows));
  const start = Buffer.from('89504e470d0a1a0a', 'hex');
  return Buffer.concat([start, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

const goodPng = () => png(noise(32, 32), 32, 32);

/** Opens a data set and closes it again; what it says of its images stays. */
async function look(options: string | OpenOptions): Promise<Dataset> {
  const dataset = await openDataset(options);
  await dataset.close();
  return dataset;
}

/** Reads all images of a data set; gives the ids of those that could be read, and what is wrong with the others. */
async function readAll(options: OpenOptions): Promise<{ read: string[]; bad: string[] }> {
  const dataset = await openDataset(options);
  const [read, bad]: [string[], string[]] = [[], []];
  try {
    for await (const { ids, holes } of dataset.batches({ size: 8, onBad: 'skip', shuffle: false })) {
      read.push(...ids);
      bad.push(...holes.map(({ error }) => error.message));
    }
  } finally {
    await dataset.close();
  }
  return { read, bad };
}

/** The same in a process of its own, and the most memory that it ever had, in MiB. */
function readApart(options: OpenOptions): {
  read: string[];
  bad: string[];
  error?: string;
  mebibytes: number;
} {
  const index = path.resolve(__dirname, '..', '..', 'dist', 'index.js');
  const program = `
    const { openDataset } = require(${JSON.stringify(index)});
    const found = { read: [], bad: [] };
    // On Linux what the system counts for a process begins with the memory of the one that started it.
    const peak = () => {
      try {
        return Number(/VmHWM:\\s+(\\d+)/.exec(require('fs').readFileSync('/proc/self/status', 'utf8'))[1]);
      } catch {
        return process.resourceUsage().maxRSS;
      }
    };
    (async () => {
      const dataset = await openDataset(${JSON.stringify(options)});
      for await (const { ids, holes } of dataset.batches({ size: 8, onBad: 'skip', shuffle: false })) {
        found.read.push(...ids);
        found.bad.push(...holes.map(({ error }) => error.message));
      }
      await dataset.close();
    })()
      .catch((error) => (found.error = error.name + ': ' + error.message))
      .finally(() => console.log(JSON.stringify({ ...found, mebibytes: peak() / 1024 })));`;
  return JSON.parse(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' })) as ReturnType<
    typeof readApart
  >;
}

/** More than the process takes for itself, and far less than any of these files claims. */
const FEW = 300;

describe('pixels', () => {
  test('a PNG that claims 60000 × 60000 is one bad file, and takes no memory', async () => {
    const root = newFolder();
    put(root, 'a/bomb.png', blackPng(60000, 60000, 100));
    put(root, 'a/good.png', await goodPng());
    const { read, bad, mebibytes } = readApart({ path: root });
    expect(read).toEqual(['a/good.png']);
    const size = '(60000 × 60000, height × width)';
    expect(bad).toEqual([
      `"a/bomb.png" is too large: it has more than 268 million pixels ${size}; make it smaller`,
    ]);
    expect(mebibytes).toBeLessThan(FEW);
  });

  test('20000 × 20000 are refused with the option that allows them', async () => {
    const file = blackPng(20000, 20000, 1);
    const error = await failure(decode(file, [8, 8], 'map.png'));
    expect(error).toMatchObject({ code: 'FILE', file: 'map.png' });
    expect(error.message).toMatch(/; to read it all the same give --max-pixels 400000000 \(maxPixels\)$/);
    const limits = { ...DEFAULT_LIMITS, maxPixels: 4e8 };
    expect(await probeSize(file, 'map.png', limits)).toEqual([20000, 20000]);
  });

  test.each(['png', 'jpeg', 'webp', 'tiff', 'gif', 'avif'] as const)('%s: 1024 pixels', async (format) => {
    const file = await sharp(noise(32, 32), { raw: { height: 32, width: 32, channels: 3 } })
      .toFormat(format)
      .toBuffer();
    const root = newFolder();
    put(root, `a/one.${format}`, file);
    const error = await failure(readAll({ path: root, maxPixels: 1023 }));
    expect(error.message).toMatch(
      /is too large: it has more than 1023 pixels \(32 × 32, height × width\); make it smaller; to read it all the same give --max-pixels 1024 \(maxPixels\)$/,
    );
    expect(await failure(probeSize(file, 'x', { ...DEFAULT_LIMITS, maxPixels: 1023 }))).toMatchObject({
      code: 'FILE',
    });
    expect(await readAll({ path: root, maxPixels: 1024 })).toEqual({ read: [`a/one.${format}`], bad: [] });
  });

  test('the native decoder of JPEG files has the limit, too', async () => {
    const files = [await jpeg(noise(20, 30), 20, 30)];
    const filled = (maxPixels: number) =>
      loadJpegs(
        { files, plain: Uint8Array.of(1), resize: true, size: [8, 8], maxPixels },
        new Uint8Array(8 * 8 * 3),
      );
    expect(await filled(599)).toEqual([false]);
    expect(await filled(600)).toEqual([jpegVersion() !== '']);
  });

  test('images that are large together are decoded one after another', async () => {
    const root = newFolder();
    for (let i = 0; i < 8; i++) put(root, `a/${i}.png`, blackPng(6000, 6000, 6000));
    const [one, all] = [36e6, 8 * 36e6].map((maxPixels) => readApart({ path: root, maxPixels }));
    expect([one.read, all.read]).toEqual([all.read, one.read]);
    expect(one.read).toHaveLength(8);
    expect(one.mebibytes).toBeLessThan(all.mebibytes / 2);
  });

  test('a wrong limit is an error', async () => {
    for (const [maxPixels, range] of [
      [0, /maxPixels/],
      [2e9, /from 1 to 1431655765 for maxPixels/],
    ] as const) {
      expect((await failure(look({ path: temporary, maxPixels }))).message).toMatch(range);
    }
  });
});

describe('image files', () => {
  test('a file of a gigabyte is one bad file', async () => {
    const root = newFolder();
    sparse(root, 'a/bomb.png', GIB, await goodPng());
    put(root, 'a/good.png', await goodPng());
    const { read, bad, mebibytes } = readApart({ path: root });
    expect(read).toEqual(['a/good.png']);
    expect(bad).toEqual([
      '"a/bomb.png" has 1073741824 bytes, more than the limit of 512 MiB; to read it all the same give --max-file-bytes 1073741824 (maxFileBytes)',
    ]);
    expect(mebibytes).toBeLessThan(FEW);
  });

  test('a member of a gigabyte in an archive is one bad file', async () => {
    const root = newFolder();
    const good = rawEntry({ name: 'a/good.png', content: await goodPng() });
    const claim = (block: Buffer) => block.write('10000000000\0', 124); // octal: 2^30
    const start = Buffer.concat([good, rawEntry({ name: 'a/bomb.png', edit: claim })]);
    const whole = sparse(root, 'whole.tar', start.length + GIB + 1024, start);
    const { read, bad, mebibytes } = readApart({ path: whole });
    expect(read).toEqual(['a/good.png']);
    expect(bad).toEqual([expect.stringMatching(/^"a\/bomb\.png" has 1073741824 bytes, .*--max-file-bytes/)]);
    expect(mebibytes).toBeLessThan(FEW);

    const cut = put(root, 'cut.tar', Buffer.concat([start, Buffer.alloc(2048)]));
    const other = readApart({ path: cut });
    expect(other.error).toMatch(
      /^SaliencyMixError: ".*cut\.tar" is cut short or damaged after 2 entries \(Unexpected end of data: "a\/bomb\.png" has 1073741824 bytes by its header\); get it again$/,
    );
    expect(other.mebibytes).toBeLessThan(FEW);
  });

  test('a limit that is raised lets the file be read, in a folder and an archive', async () => {
    const [root, content] = [newFolder(), await goodPng()];
    put(root, 'a/one.png', content);
    const tar = put(newFolder(), 'one.tar', await tarOf([{ name: 'a/one.png', content }]));
    for (const place of [root, tar]) {
      const error = await failure(readAll({ path: place, maxFileBytes: content.length - 1 }));
      expect(error.message).toContain(`"a/one.png" has ${content.length} bytes, more than the limit of`);
      const { read } = await readAll({ path: place, maxFileBytes: content.length });
      expect(read).toEqual(['a/one.png']);
    }
  });

  test('files that are large together are read one after another', async () => {
    const [a, b] = [await goodPng(), await jpeg(noise(32, 32), 32, 32)];
    const files = [a, b, gray(7, 32, 32)];
    let reads = 0;
    const source = sourceOf(30, async (index) => {
      reads++;
      return files[index % 3];
    });
    const positions = Array.from({ length: 30 }, (_, i) => i);
    const readsAfter: number[] = [];
    const one = createGate(1);
    const gate: Gate = (task) =>
      one(async () => {
        const result = await task();
        readsAfter.push(reads);
        return result;
      });
    const apart = await loadBatch({ source }, positions, [32, 32], { heldBytes: a.length + 1, gate });
    // Two are held: the first is not enough.
    expect(readsAfter.slice(0, 30)).toEqual([1, ...Array.from({ length: 29 }, () => 2)]);
    expect(readsAfter.at(-1)).toBe(30);
    const together = await loadBatch({ source }, positions, [32, 32]);
    expect(apart.images?.data).toEqual(together.images?.data);
    expect(apart.holes).toEqual([]);
  });
});

describe('labels', () => {
  const image = async (name: string) => ({ name, content: await goodPng() });

  /** A folder with images and a JSON label beside each; the last one is of `bytes`. */
  async function labelledFolder(bytes: number): Promise<string> {
    const root = newFolder();
    for (const i of [0, 1, 2]) {
      put(root, `${i}.png`, await goodPng());
      put(root, `${i}.json`, JSON.stringify({ label: i % 2 }));
    }
    sparse(root, '2.json', bytes, '{"label": 0, "text": "');
    return root;
  }

  test('a JSON label of 100 MB leaves its image out, by name', async () => {
    const root = await labelledFolder(1e8);
    const reason =
      'its label file "2.json" is too large for a label (more than 1 MiB): it has 100000000 bytes; to read it all the same give --max-label-bytes 100000000 (maxLabelBytes); it is left out';
    const { problems } = await look({ path: root });
    expect(problems).toEqual([{ file: '2.png', reason }]);
    const { read, mebibytes } = readApart({ path: root });
    expect(read).toEqual(['0.png', '1.png']);
    expect(mebibytes).toBeLessThan(FEW - 100);
  });

  test('the same in an archive', async () => {
    const entries = [await image('0.png'), { name: '0.json', content: '{"label": 0}' }, await image('1.png')];
    const claim = (block: Buffer) => block.write('00575360400\0', 124); // octal: 100 000 000
    const start = Buffer.concat([
      ...entries.map((entry) => rawEntry(entry)),
      rawEntry({ name: '1.json', edit: claim }),
    ]);
    const file = sparse(newFolder(), 'labels.tar', start.length + Math.ceil(1e8 / 512) * 512 + 1024, start);
    const { problems } = await look({ path: file });
    expect(problems).toEqual([
      { file: '1.png', reason: expect.stringContaining('it has 100000000 bytes; to read') },
    ]);
    const { read, mebibytes } = readApart({ path: file });
    expect(read).toEqual(['0.png']);
    expect(mebibytes).toBeLessThan(FEW - 100);
  });

  test('a limit that is raised lets a label be read', async () => {
    const root = newFolder();
    const label = '{"label": 1}';
    const entries = [
      await image('0.png'),
      { name: '0.json', content: '{"label":0}' },
      await image('1.png'),
      { name: '1.json', content: label },
    ];
    for (const { name, content } of entries) put(root, name, content);
    const tar = put(newFolder(), 'labels.tar', rawTar(entries));
    for (const place of [root, tar]) {
      const open = async (maxLabelBytes: number) => look({ path: place, maxLabelBytes });
      const { problems, items } = await open(label.length - 1);
      expect(items.map(({ id }) => id)).toEqual(['0.png']);
      expect(problems).toEqual([
        {
          file: '1.png',
          reason: expect.stringMatching(/\(more than 11 bytes\): it has 12 bytes; .*--max-label-bytes 12 /),
        },
      ]);
      expect((await open(label.length)).items).toHaveLength(2);
    }
  });

  test('labels are not held as texts: many that are large, each within the limit', async () => {
    const root = newFolder();
    const label = `${' '.repeat(MIB - 204)}long_name_of_cats${' '.repeat(100)}`;
    const file = put(root, 'labels.tar', '');
    for (let i = 0; i < 500; i++) {
      appendFileSync(file, rawEntry({ name: `${i}.png`, content: i < 2 ? await goodPng() : '' }));
      const content = i % 2 === 0 ? label : label.replace(/long_name_of_cats {100}/, 'x'.repeat(117));
      appendFileSync(file, rawEntry({ name: `${i}.cls`, content }));
    }
    const { items, classes, problems } = await look(file);
    expect([items.length, classes, problems.length]).toEqual([250, ['long_name_of_cats'], 250]);
    expect(problems[0].reason).toMatch(
      /"1\.cls" says a text too long for the name of a class; it is left out$/,
    );
    const { read, mebibytes } = readApart({ path: file });
    expect(read).toEqual(['0.png']);
    expect(mebibytes).toBeLessThan(FEW);
  });

  test('a pipe is no label, and is not waited for', async () => {
    const root = newFolder();
    put(root, '0.png', await goodPng());
    put(root, '0.json', '{"label": 0}');
    put(root, '1.png', await goodPng());
    execFileSync('mkfifo', [path.join(root, '1.json')]);
    const { items, problems } = await look({ path: root });
    expect(items.map(({ id }) => id)).toEqual(['0.png']);
    expect(problems.map(({ file }) => file)).toEqual(['1.png']);
  });
});

describe('lists', () => {
  async function flat(): Promise<string> {
    const root = newFolder();
    for (const name of ['x1.png', 'y2.png']) put(root, name, await goodPng());
    return root;
  }

  test.each(['csv', 'jsonl'])('a list of classes, .%s', async (ending) => {
    const root = await flat();
    const lines =
      ending === 'csv'
        ? ['x1.png,a', 'y2.png,b']
        : ['{"file":"x1","label":"a"}', '{"file":"y2","label":"b"}'];
    const text = `${lines.join('\n')}\n`;
    const classList = put(newFolder(), `list.${ending}`, text);
    const open = async (limits: Partial<OpenOptions>) => look({ path: root, classList, ...limits });
    expect((await failure(open({ maxFileBytes: text.length - 1 }))).message).toMatch(
      new RegExp(
        `list\\.${ending}" has ${text.length} bytes, more than the limit of ${text.length - 1} bytes; .*--max-file-bytes ${text.length} `,
      ),
    );
    expect((await failure(open({ maxLabelBytes: lines[0].length - 1 }))).message).toMatch(
      /has a line 1 of more than \d+ bytes: if it is one label, give --max-label-bytes \(maxLabelBytes\)$/,
    );
    const { items, classes } = await open({ maxFileBytes: text.length, maxLabelBytes: lines[0].length });
    expect(items.map(({ id, label }) => `${id} ${classes[label]}`)).toEqual(['x1.png a', 'y2.png b']);
  });

  test('lists of gigabytes, and of one endless line, take no memory', async () => {
    const root = await flat();
    for (const [bytes, words] of [
      [4 * GIB, /has 4294967296 bytes, more than the limit of 512 MiB/],
      [100 * MIB, /has a line 1 of more than 1048576 bytes/],
    ] as const) {
      const classList = sparse(newFolder(), 'list.csv', bytes);
      const { error, mebibytes } = readApart({ path: root, classList });
      expect(error).toMatch(words);
      expect(mebibytes).toBeLessThan(FEW - 100);
    }
  });

  test('the labels of what augment has written, and its run.json', async () => {
    const root = newFolder();
    put(root, 'images/0.png', await goodPng());
    put(root, 'images/1.png', await goodPng());
    const line = (i: number) => JSON.stringify({ file: `images/${i}.png`, label: [i, 1 - i] });
    put(root, 'labels.jsonl', `\uFEFF${line(0)}\r\n\n${line(1)}`);
    const names = JSON.stringify({ tool: 'saliencymix', settings: { classes: ['cat', 'dog'] } });
    put(root, 'run.json', names);
    const { classes, items } = await look(root);
    expect(classes).toEqual(['cat', 'dog']);
    expect(items.map(({ id, label }) => `${id} ${label}`)).toEqual(['images/0.png 1', 'images/1.png 0']);

    sparse(root, 'run.json', GIB, names);
    expect(readApart({ path: root })).toMatchObject({
      error: expect.stringMatching(/run\.json" has 1073741824/),
    });
    put(root, 'run.json', names);
    sparse(root, 'labels.jsonl', 200 * MIB, `${line(0)}\n`);
    const { error, mebibytes } = readApart({ path: root });
    expect(error).toMatch(/labels\.jsonl" has a line 2 of more than 1048576 bytes/);
    expect(mebibytes).toBeLessThan(FEW - 100);
  });

  test('the records of CIFAR', async () => {
    const root = newFolder();
    sparse(root, 'data_batch_1.bin', 3073 * 1000 * 1000);
    expect((await failure(look(root))).message).toMatch(
      /data_batch_1\.bin" has 3073000000 bytes, .*--max-file-bytes/,
    );
    sparse(root, 'data_batch_1.bin', 3073 * 4);
    expect((await failure(look({ path: root, maxFileBytes: 3073 * 4 - 1 }))).message).toMatch(
      /has 12292 bytes/,
    );
    expect(await look({ path: root, maxFileBytes: 3073 * 4 })).toHaveLength(4);
  });

  test('the class names of CIFAR', async () => {
    const root = newFolder();
    put(root, 'data_batch_1.bin', Buffer.alloc(3073));
    sparse(root, 'batches.meta.txt', 100 * MIB, 'airplane\nautomobile\n');
    const error = await failure(look(root));
    expect(error.message).toMatch(
      /batches\.meta\.txt" has 104857600 bytes, more than the limit of 1 MiB; .*--max-label-bytes 104857600 /,
    );
    const names = 'a\nb\nc\nd\n';
    const entries = [
      { name: 'batches.meta.txt', content: names },
      { name: 'data_batch_1.bin', content: Buffer.alloc(3073) },
    ];
    const file = put(newFolder(), 'cifar.tar', await tarOf(entries));
    const long = await failure(look({ path: file, maxLabelBytes: 7 }));
    expect(long.message).toMatch(/batches\.meta\.txt" is too large for a label \(more than 7 bytes\)/);
    expect((await look({ path: file, maxLabelBytes: 8 })).classes).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('arrays of NumPy', () => {
  function npy(root: string, name: string, descr: string, shape: readonly number[], bytes: number): void {
    const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
    const header = Buffer.alloc(128, ' ');
    header.write('\x93NUMPY\x01\x00', 'latin1');
    header.writeUInt16LE(118, 8);
    header.write(text, 10);
    const weights = new Float32Array(descr === '<f4' && bytes < MIB ? bytes / 4 : 0).fill(0.25);
    sparse(root, name, 128 + bytes, Buffer.concat([header, new Uint8Array(weights.buffer)]));
  }

  test('images and labels have limits, and rows of nothing are refused', async () => {
    const root = newFolder();
    npy(root, 'images-0.npy', '|u1', [2, 40000, 40000, 3], 2 * 40000 * 40000 * 3);
    npy(root, 'labels-0.npy', '<f4', [2, 5], 2 * 5 * 4);
    const { error, mebibytes } = readApart({ path: root });
    expect(error).toMatch(/images-0\.npy\/0000000" is too large: .*\(40000 × 40000, height × width\)/);
    expect(mebibytes).toBeLessThan(FEW);

    npy(root, 'labels-0.npy', '<f4', [2, 1e8], 8e8);
    expect((await failure(look(root))).message).toMatch(/has 800000000 bytes, .*--max-file-bytes 800000000 /);
    npy(root, 'labels-0.npy', '<f4', [2, 0], 0);
    expect((await failure(look(root))).message).toMatch(
      /labels-0\.npy" has the shape 2 × 0, of which a row holds nothing/,
    );
    npy(root, 'images-0.npy', '|u1', [1e15, 0, 8, 3], 0);
    expect((await failure(look(root))).message).toMatch(/images-0\.npy" has the shape/);
  });

  test('limits that are raised', async () => {
    const root = newFolder();
    npy(root, 'images-0.npy', '|u1', [2, 4, 5, 3], 120);
    npy(root, 'labels-0.npy', '<f4', [2, 3], 24);
    const none = await failure(readAll({ path: root, maxPixels: 19 }));
    expect(none.message).toMatch(/more than 19 pixels \(4 × 5, .*--max-pixels 20 /);
    expect((await readAll({ path: root, maxPixels: 20 })).read).toHaveLength(2);
    expect((await failure(look({ path: root, maxFileBytes: 23 }))).message).toMatch(/has 24 bytes/);
    expect(await look({ path: root, maxFileBytes: 24 })).toHaveLength(2);
  });
});
