import { spawnSync } from 'node:child_process';
import { promises as fs, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { OpenFiles } from '../../src/data/open-files';
import { put, tarOf, temporaryFolder } from './fixtures';

const temporary = temporaryFolder();
const ROOT = path.resolve(__dirname, '..', '..');
const first = async (handle: fs.FileHandle) =>
  (await handle.read(Buffer.alloc(2), 0, 2, 0)).buffer.toString();

/** Descriptors of this process that lead to a file of that folder. */
async function openIn(folder: string): Promise<number> {
  const links = (await fs.readdir('/proc/self/fd')).map((fd) =>
    fs.readlink(`/proc/self/fd/${fd}`).catch(() => ''),
  );
  return (await Promise.all(links)).filter((link) => link.startsWith(folder)).length;
}

test('many files through few descriptors, read at the same time', async () => {
  const folder = path.join(temporary, 'many');
  const files = new OpenFiles(3);
  const all = Array.from({ length: 20 }, (_, i) => files.file(put(folder, `${i}`, String(i + 10))));
  let most = 0;
  const read = async (i: number) =>
    all[i].use(async (handle) => {
      if (process.platform === 'linux') most = Math.max(most, await openIn(folder));
      return first(handle);
    });
  for (let round = 0; round < 3; round++) {
    const order = Array.from({ length: 60 }, (_, i) => (i * 7 + round) % 20);
    expect(await Promise.all(order.map(read))).toEqual(order.map((i) => String(i + 10)));
  }
  expect(most).toBeLessThanOrEqual(3);
  await files.close();
  await files.close();
  if (process.platform === 'linux') expect(await openIn(folder)).toBe(0);
  await expect(read(0)).rejects.toThrow('the files are closed');
});

test('a file that cannot be opened takes no place', async () => {
  const files = new OpenFiles(1);
  const good = files.file(put(temporary, 'good', 'ok'));
  const none = files.file(path.join(temporary, 'none'));
  for (let i = 0; i < 3; i++) {
    const outcomes = await Promise.allSettled([
      none.use(first),
      good.use(first),
      none.use(first),
      good.use(first),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled']);
  }
  await files.close();
});

test('a failure of the work is its own, and the place is given back', async () => {
  const files = new OpenFiles(1);
  const [a, b] = ['a', 'b'].map((name) => files.file(put(temporary, name, `${name}${name}`)));
  await expect(a.use(() => Promise.reject(new Error('work')))).rejects.toThrow('work');
  expect(await b.use(first)).toBe('bb');
  expect(await a.use(first)).toBe('aa');
  await files.close();
});

test('closing waits for what is being read and ends what waits', async () => {
  const files = new OpenFiles(1);
  const [c, d] = ['c', 'd'].map((name) => files.file(put(temporary, name, `${name}${name}`)));
  const outcomes = Promise.allSettled([c.use(first), d.use(first)]);
  await files.close();
  for (const { status } of await outcomes) expect(['fulfilled', 'rejected']).toContain(status);
  await expect(c.use(first)).rejects.toThrow('the files are closed');
});

test('a file that was replaced while it was not open is told from the first', async () => {
  const files = new OpenFiles(1);
  const one = put(temporary, 'one', 'old bytes');
  const [file, other] = [files.file(one), files.file(put(temporary, 'other', 'other'))];
  expect(await file.use(first)).toBe('ol');
  writeFileSync(path.join(temporary, 'new'), 'new bytes');
  renameSync(path.join(temporary, 'new'), one);
  expect(await file.use(first)).toBe('ol'); // still open
  await other.use(first);
  await expect(file.use(first)).rejects.toThrow('it has changed since it was opened first');
  expect(await other.use(first)).toBe('ot');
  await files.close();
});

const limits = process.platform === 'win32' ? [] : [128];
test.each(limits)('300 shards, read in any order with %i descriptors allowed', async (limit) => {
  const folder = path.join(temporary, 'shards');
  for (let i = 0; i < 300; i++) {
    const entries = [0, 1].flatMap((k) => [
      { name: `${k}.png`, content: `image ${i} ${k}` },
      { name: `${k}.cls`, content: String(k) },
    ]);
    put(folder, `shard-${String(i).padStart(3, '0')}.tar`, await tarOf(entries));
  }
  const script = `
    const { openDataset } = require(${JSON.stringify(ROOT)});
    (async () => {
      const { items, source } = await openDataset(${JSON.stringify(folder)});
      const order = Array.from({ length: 1200 }, (_, i) => (i * 7919) % items.length);
      const read = await Promise.all(order.map((i) => source.read(i)));
      const right = order.filter((i, at) => {
        const [, shard, key] = /shard-(\\d+)\\.tar\\/(\\d)/.exec(items[i].id);
        return Buffer.from(read[at]).toString() === 'image ' + Number(shard) + ' ' + key;
      });
      await source.close();
      console.log(items.length, right.length);
    })();`;
  const { stdout, stderr } = spawnSync(
    'sh',
    ['-c', `ulimit -n ${limit} && exec "$0" -e "$1"`, process.execPath, script],
    {
      encoding: 'utf8',
    },
  );
  expect(stderr).toBe('');
  expect(stdout).toBe('600 1200\n');
});
