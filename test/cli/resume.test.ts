/** A run that was stopped goes on to the same bytes, whatever the moment. */
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { writerNames } from '../../src/augment/writers';
import { besideProgress, contents, imageFolder, labelLines, run, start, workFolder } from './fixtures';

const work = workFolder();
const data = join(work, 'data');
const whole = join(work, 'whole');
const options = ['--batch', '4', '--copies', '3', '--size', '96', '--seed', '7'];
const augment = (out: string, ...more: string[]) => run('augment', data, '--out', out, ...options, ...more);
const leftovers = (folder: string) =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('-partial') || name.endsWith('.lock'));

beforeAll(async () => {
  await imageFolder(data, 40, 80);
  expect((await augment(whole)).code).toBe(0);
}, 60_000);

/** Starts a run and ends it with a signal once `lines` labels are written. */
async function interrupted(out: string, signal: NodeJS.Signals, lines: number, format = 'folder') {
  const { child, ended } = start(['augment', data, '--out', out, ...options, '--format', format]);
  const labels = join(out, 'labels.jsonl');
  for (;;) {
    if (child.exitCode !== null) break;
    if (existsSync(labels) && readFileSync(labels, 'utf8').split('\n').length > lines) break;
    await new Promise((tick) => setTimeout(tick, 2));
  }
  child.kill(signal);
  return ended;
}

test.each([0, 5, 30, 71, 100])('kill -9 after %i labels', async (lines) => {
  const out = join(work, `kill-${lines}`);
  const { signal } = await interrupted(out, 'SIGKILL', lines);
  expect(signal).toBe('SIGKILL');
  for (const { file } of readFileSync(join(out, 'labels.jsonl'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { file: string })) {
    expect(existsSync(join(out, file))).toBe(true);
  }
  const { code, stdout } = await augment(out, '--resume');
  expect(code).toBe(0);
  if (lines > 5) expect(stdout).toMatch(/^\d+ images were there already\n/);
  expect(contents(out)).toEqual(contents(whole));
  expect(leftovers(out)).toEqual([]);
});

test.each([1, 20, 60, 120, 250])('kill -9 after %i ms, three times over', async (after) => {
  const out = join(work, `time-${after}`);
  for (let round = 0; round < 3; round++) {
    const { child, ended } = start(['augment', data, '--out', out, ...options, '--resume']);
    setTimeout(() => child.kill('SIGKILL'), 150 + after);
    await ended;
  }
  expect((await augment(out, '--resume')).code).toBe(0);
  expect(contents(out)).toEqual(contents(whole));
  expect(leftovers(out)).toEqual([]);
});

test('Ctrl-C ends in order: exit code 130, a word on how to go on, no leftovers', async () => {
  const out = join(work, 'sigint');
  const { code, stderr } = await interrupted(out, 'SIGINT', 8);
  expect(code).toBe(130);
  expect(stderr).toMatch(/stopped; the same command with --resume goes on from here/);
  expect(leftovers(out)).toEqual([]);
  expect(labelLines(out).length).toBeLessThan(120);
  expect((await augment(out, '--resume')).code).toBe(0);
  expect(contents(out)).toEqual(contents(whole));
});

test.each(writerNames)('%s: parts are whole or not there', async (format) => {
  const formatted = join(work, `${format}-whole`);
  expect((await augment(formatted, '--format', format)).code).toBe(0);
  const out = join(work, format);
  const { child, ended } = start(['augment', data, '--out', out, ...options, '--format', format]);
  setTimeout(() => child.kill('SIGKILL'), 350);
  await ended;
  expect((await augment(out, '--format', format, '--resume')).code).toBe(0);
  expect(contents(out)).toEqual(contents(formatted));
});

describe('what a crash may leave', () => {
  const broken = async (name: string, damage: (out: string) => void) => {
    const out = join(work, name);
    await cp(whole, out, { recursive: true });
    const runFile = join(out, 'run.json');
    writeFileSync(runFile, readFileSync(runFile, 'utf8').replace('"complete"', '"running"'));
    damage(out);
    const outcome = await augment(out, '--resume');
    const said = besideProgress(outcome.stderr);
    expect([outcome.code, said]).toEqual([0, `${data} (folder): 40 images of 3 classes\n`]);
    expect(contents(out)).toEqual(contents(whole));
    expect(leftovers(out)).toEqual([]);
  };

  test('a torn last line', () => broken('torn', (out) => truncateSync(join(out, 'labels.jsonl'), 20_001)));
  test('a line of nothing', () =>
    broken('nothing', (out) => appendFileSync(join(out, 'labels.jsonl'), '\0\0\0\0\n')));
  test('an image that is gone', () => broken('gone', (out) => rmSync(join(out, labelLines(out)[30].file))));
  test('an image that is empty', () =>
    broken('empty', (out) => writeFileSync(join(out, labelLines(out)[50].file), '')));
  test('no labels at all', () => broken('none', (out) => rmSync(join(out, 'labels.jsonl'))));
  test('half-written files', () =>
    broken('half', (out) => {
      writeFileSync(join(out, 'images/1/0000003.png.saliencymix-partial'), 'half');
      writeFileSync(join(out, 'run.json.saliencymix-partial'), '{');
    }));
  test('the lock of a process that is gone', () =>
    broken('stale', (out) =>
      writeFileSync(
        join(out, '.saliencymix.lock'),
        JSON.stringify({ pid: 2 ** 22 - 3, host: require('node:os').hostname(), born: '1' }),
      ),
    ));
  test('the lock of a number that another process has now', () =>
    broken('reused', (out) =>
      writeFileSync(
        join(out, '.saliencymix.lock'),
        JSON.stringify({ pid: process.pid, host: require('node:os').hostname(), born: '1' }),
      ),
    ));
});

test('--resume of a missing, an empty and a complete folder is fine', async () => {
  const out = join(work, 'fresh');
  expect((await augment(out, '--resume')).code).toBe(0);
  expect(contents(out)).toEqual(contents(whole));
  const { code, stdout } = await augment(out, '--resume');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^120 images were there already\n0 images/);
});

test('--resume with other settings is refused, naming them; threads may differ', async () => {
  const { code, stderr } = await run(
    'augment',
    data,
    '--out',
    whole,
    '--batch',
    '5',
    '--copies',
    '3',
    '--size',
    '96',
    '--seed',
    '8',
    '--resume',
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /was begun with other settings: batch was 4 and is now 5; mixer\.seed was 7 and is now 8\. Resume with the first ones/,
  );
  expect((await augment(whole, '--resume', '--threads', '1')).code).toBe(0);
});

test('a folder where a run failed before its first image is free for another', async () => {
  const out = join(work, 'failed');
  const first = await run(
    'augment',
    data,
    '--out',
    out,
    '--batch',
    '4',
    '--saliency',
    'learned',
    '--saliency-model',
    data,
  );
  expect([first.code, existsSync(out)]).toEqual([1, false]); // the model is tried before anything is written
  await imageFolder(join(work, 'sizes'), 4, 20);
  await imageFolder(join(work, 'sizes'), 2, 30);
  const unequal = await run('augment', join(work, 'sizes'), '--out', out, '--size', 'keep');
  expect([unequal.code, unequal.stderr]).toEqual([
    1,
    expect.stringMatching(/"keep" needs .*give a size, e\.g\. size: 224/),
  ]);
  expect(existsSync(join(out, 'run.json'))).toBe(true);
  expect((await augment(out)).code).toBe(0);
  expect(contents(out)).toEqual(contents(whole));
});

test('--force of a complete run that is killed leaves none that claims to be complete', async () => {
  const out = join(work, 'forced');
  await cp(whole, out, { recursive: true });
  const { child, ended } = start(['augment', data, '--out', out, ...options, '--seed', '8', '--force']);
  const runFile = join(out, 'run.json');
  const complete = () => existsSync(runFile) && readFileSync(runFile, 'utf8').includes('"complete"');
  while (complete()) await new Promise((tick) => setTimeout(tick, 1));
  child.kill('SIGKILL');
  await ended;
  if (existsSync(runFile))
    expect(JSON.parse(readFileSync(runFile, 'utf8'))).toMatchObject({ status: 'running' });
  expect((await augment(out, '--force')).code).toBe(0);
  expect(contents(out)).toEqual(contents(whole));
});

test('two runs into one folder: the second is refused while the first is alive', async () => {
  const out = join(work, 'twice');
  const first = start(['augment', data, '--out', out, ...options]);
  while (!existsSync(join(out, 'labels.jsonl'))) await new Promise((tick) => setTimeout(tick, 2));
  const second = await augment(out, '--resume');
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(/is being written by process \d+ on .*: wait for it, or stop it/);
  expect((await first.ended).code).toBe(0);
  expect(contents(out)).toEqual(contents(whole));
});
