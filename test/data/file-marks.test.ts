/** Size, dates and content of many files, by threads and without. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { statSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { type FileMarks, marksHere, marksOf } from '../../src/data/file-marks';
import { filesOfArchives, filesOfItems } from '../../src/data/stored-files';
import { put, temporaryFolder } from './fixtures';

const root = temporaryFolder();
const COUNT = 2345; // more than are looked at without threads, and no multiple of their number
const names = Array.from({ length: COUNT }, (_, i) => `c${i % 7}/f${i}.png`);
const files = filesOfItems(
  root,
  names.map((id, i) => ({ id, label: i % 7 })),
  ['a', 'b', 'c', 'd', 'e', 'f', 'g'],
);
beforeAll(() => {
  names.forEach((name, i) => utimesSync(put(root, name, 'x'.repeat(i % 50)), 1, 1e9 + i));
});

const sha256 = (text: string) => createHash('sha256').update(text).digest().subarray(0, 16);

test.each([false, true])('each file has its own marks, in order; with contents: %s', async (withContents) => {
  const { numbers, contents } = await marksOf(files, withContents);
  expect(numbers).toHaveLength(3 * COUNT);
  for (let i = 0; i < COUNT; i++)
    expect([numbers[3 * i], numbers[3 * i + 1]]).toEqual([i % 50, 1000 * (1e9 + i)]);
  expect(contents?.length).toBe(withContents ? 16 * COUNT : undefined);
  for (const i of [0, 1171, 1172, 1173, COUNT - 1])
    if (contents)
      expect(Buffer.from(contents.subarray(16 * i, 16 * i + 16))).toEqual(sha256('x'.repeat(i % 50)));
  expect(files.nameOf(8)).toBe('c1/f8.png');
  expect(files.groupOf(8)).toBe('b');
});

test('a file of more than one read; names as bytes; a link; what is not there', () => {
  const large = 'y'.repeat((1 << 20) + 5);
  const file = put(root, 'large.bin', large);
  symlinkSync(file, join(root, 'link'));
  const paths = [Uint8Array.from(Buffer.from(file)), join(root, 'link'), join(root, 'none')];
  const { numbers, contents } = marksHere({ paths, withContents: true });
  expect([numbers[0], numbers[3], numbers[6]]).toEqual([large.length, large.length, -1]);
  expect(numbers[1]).toBe(Math.round(statSync(file).mtimeMs));
  const hash = [...sha256(large)];
  expect([...(contents as Uint8Array)]).toEqual([...hash, ...hash, ...Array<number>(16).fill(0)]);
});

(process.platform === 'win32' ? test.skip : test)('a pipe is not read', async () => {
  const pipe = join(root, 'pipe');
  expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
  const { contents } = (await marksOf(filesOfArchives([pipe]), true)) as Required<FileMarks>;
  expect([...contents]).toEqual(Array<number>(16).fill(0));
});

test('given up when told to', async () => {
  const reason = new Error('enough');
  await expect(marksOf(files, true, AbortSignal.abort(reason))).rejects.toBe(reason);
  const controller = new AbortController();
  const marks = marksOf(files, true, controller.signal);
  controller.abort(reason);
  await expect(marks).rejects.toBe(reason);
});
