import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { backends } from '../../src';
import { writerNames } from '../../src/augment/writers';
import {
  besideProgress,
  contents,
  filesBelow,
  imageFolder,
  labelLines,
  run,
  workFolder,
  writeInto,
} from './fixtures';

const work = workFolder();
const data = join(work, 'data');
beforeAll(() => imageFolder(data, 26), 60_000);

const pixels = async (path: string) => new Uint8Array(await sharp(path).removeAlpha().raw().toBuffer());

test('a folder of images: every pixel of the result is the target’s or the source’s, as its line says', async () => {
  const out = join(work, 'plain');
  const { code, stdout, stderr } = await run('augment', data, '--out', out, '--batch', '8', '--seed', '5');
  expect([code, besideProgress(stderr)]).toEqual([0, `${data} (folder): 26 images of 3 classes\n`]);
  expect(stdout).toMatch(
    /^26 images of 24 × 24 written to .*plain in \d+\.\d s, \d+ images\/s \(cpu, \w+\)\n$/,
  );
  // A small batch: wherever else it could run, it makes no trip there.
  const cpu = backends().find(({ name }) => name === 'cpu');
  expect(stdout).toContain(`(cpu, ${cpu?.level})`);
  expect(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))).toMatchObject({
    environment: {
      backend: 'cpu',
      level: cpu?.level,
      jpeg: expect.stringMatching(/^(libjpeg(-turbo)? [\d.]+|sharp)$/),
    },
  });
  const lines = labelLines(out);
  expect(lines).toHaveLength(26);
  expect(new Set(lines.map(({ target }) => target.id)).size).toBe(26);
  expect(filesBelow(out)).toEqual(
    ['labels.jsonl', 'preview.png', 'run.json', ...lines.map(({ file }) => file)].toSorted(),
  );
  for (const { file, target, source, lambda, from, to, label, batch } of lines) {
    expect(batch).toBeLessThan(4);
    const [result, own, other] = await Promise.all(
      [join(out, file), join(data, target.id), join(data, source.id)].map(pixels),
    );
    if (!from || !to) throw new Error('saliencymix gives boxes');
    for (let p = 0; p < 24 * 24; p++) {
      const [row, col] = [Math.floor(p / 24), p % 24];
      const pasted = row >= to.top && row < to.bottom && col >= to.left && col < to.right;
      const at = pasted ? (row - to.top + from.top) * 24 + col - to.left + from.left : p;
      expect([...result.subarray(3 * p, 3 * p + 3)]).toEqual([
        ...(pasted ? other : own).subarray(3 * at, 3 * at + 3),
      ]);
    }
    expect(lambda).toBe(1 - ((to.bottom - to.top) * (to.right - to.left)) / 576);
    expect(target.class).toBe(target.id.split('/')[0]);
    const weight = target.class === source.class ? 1 : lambda;
    expect(label[Number(target.class.slice(-1))]).toBeCloseTo(weight, 6);
    expect(label.reduce((sum, v) => sum + v)).toBeCloseTo(1, 6);
  }
  const settings = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as Record<string, unknown>;
  expect(settings).toMatchObject({
    status: 'complete',
    images: 26,
    bad: [],
    settings: { classes: ['class_0', 'class_1', 'class_2'], batch: 8, mixer: { seed: 5 } },
  });
  expect((await sharp(join(out, 'preview.png')).metadata()).width).toBeGreaterThan(300);
});

test('the same bytes for any threads; other bytes for another seed or copy', async () => {
  const options = ['--batch', '8', '--copies', '2', '--ties', 'random', '--probability', '0.7'];
  const [one, many, other] = ['t1', 't5', 'seed'].map((name) => join(work, name));
  await run('augment', data, '--out', one, '--threads', '1', ...options);
  await run('augment', data, '--out', many, '--threads', '5', ...options);
  await run('augment', data, '--out', other, '--seed', '9', ...options);
  expect(contents(many)).toEqual(contents(one));
  expect(contents(other)['labels.jsonl']).not.toBe(contents(one)['labels.jsonl']);
  const lines = labelLines(one);
  expect(lines).toHaveLength(52);
  expect(lines.some(({ mixed }) => !mixed)).toBe(true);
  // What was not drawn to be mixed has no box; what was drawn with itself as its partner has, but is not mixed.
  const itself = lines.filter(({ target, source, to }) => target.id === source.id && to !== null);
  expect(itself.length).toBeGreaterThan(0);
  for (const { mixed, label } of itself)
    expect([mixed, Math.max(...label)]).toEqual([false, expect.closeTo(1, 6)]);
  for (const line of lines) {
    if (!line.mixed && !itself.includes(line))
      expect([line.lambda, line.from, line.to]).toEqual([1, null, null]);
  }
  const pairs = (copy: number) =>
    lines
      .filter((line) => line.copy === copy)
      .map(({ target, source }) => `${target.id} ${source.id}`)
      .toSorted();
  expect(pairs(0)).not.toEqual(pairs(1));
});

test('the union of the shards is the whole run', async () => {
  const whole = join(work, 'whole');
  const options = ['--batch', '4', '--copies', '2'];
  await run('augment', data, '--out', whole, ...options);
  const shards = ['1/3', '2/3', '3/3'];
  const outs = shards.map((shard) => join(work, `shard-${shard[0]}`));
  for (const [i, shard] of shards.entries())
    expect((await run('augment', data, '--out', outs[i], '--shard', shard, ...options)).code).toBe(0);
  const text = (out: string) => readFileSync(join(out, 'labels.jsonl'), 'utf8').trim().split('\n');
  expect(outs.flatMap(text).toSorted()).toEqual(text(whole).toSorted());
  for (const [i, out] of outs.entries()) for (const { batch } of labelLines(out)) expect(batch % 3).toBe(i);
  const { 'labels.jsonl': _, ...images } = Object.assign({}, ...outs.map(contents)) as Record<string, string>;
  const { 'labels.jsonl': __, ...expected } = contents(whole);
  expect(images).toEqual(expected);
  const again = await run('augment', data, '--out', outs[0], '--shard', '2/3', '--resume', ...options);
  expect([again.code, again.stderr]).toEqual([
    1,
    expect.stringMatching(/shard\.index was 1 and is now 2\. Give each shard a folder of its own \(--out\)/),
  ]);
});

describe('bad files', () => {
  const mixed = join(work, 'mixed');
  beforeAll(async () => {
    await imageFolder(mixed, 20);
    const whole = readFileSync(join(mixed, 'class_0/image_000.png'));
    writeInto(mixed, 'class_0/empty.png', '');
    writeInto(mixed, 'class_1/half.png', whole.subarray(0, whole.length / 2));
    writeInto(mixed, 'class_2/words.jpg', 'these are words');
    writeInto(mixed, 'class_2/folder.jpg/inside.txt', 'a folder with the name of an image');
    symlinkSync('loop.jpg', join(mixed, 'class_1/loop.jpg'));
    symlinkSync('..', join(mixed, 'class_1/up'));
  }, 60_000);
  const bad = [
    'class_0/empty.png',
    'class_1/half.png',
    'class_1/loop.jpg',
    'class_2/folder.jpg',
    'class_2/words.jpg',
  ];

  test('are named, left out, and counted; the rest is written; exit code 0', async () => {
    const out = join(work, 'skipping');
    const { code, stdout, stderr } = await run(
      'augment',
      mixed,
      '--out',
      out,
      '--batch',
      '6',
      '--copies',
      '2',
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/^.*: 25 images of 3 classes; left out: 1 by name\n\d files were left out:\n/);
    for (const file of [...bad, 'class_1/up']) expect(stderr).toContain(file);
    expect(stderr).toMatch(/empty\.png.*empty/);
    expect(stderr).toMatch(/words\.jpg.*not an image/);
    expect(stdout).toMatch(/^40 images of 24 × 24/);
    const lines = labelLines(out);
    expect(lines).toHaveLength(40);
    for (const { target, source } of lines)
      for (const { id } of [target, source]) expect(bad).not.toContain(id);
    expect(filesBelow(join(out, 'images'))).toHaveLength(40);
    expect(
      (JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as { bad: unknown[] }).bad.length,
    ).toBeGreaterThanOrEqual(5);
  });

  test('shift nothing: the others are mixed as if the bad ones had been there', async () => {
    // The same list of names, with good images in the bad ones' places.
    const out = join(work, 'skipping');
    const repaired = join(work, 'repaired');
    await imageFolder(repaired, 20);
    const good = readFileSync(join(mixed, 'class_0/image_003.png'));
    for (const file of bad) writeInto(repaired, file, good);
    const full = join(work, 'full');
    expect((await run('augment', repaired, '--out', full, '--batch', '6', '--copies', '2')).code).toBe(0);
    const byTarget = new Map(labelLines(full).map((line) => [`${line.copy} ${line.target.id}`, line]));
    let same = 0;
    for (const line of labelLines(out)) {
      const before = byTarget.get(`${line.copy} ${line.target.id}`);
      expect(line.file).toBe(before?.file);
      expect(line.batch).toBe(before?.batch);
      if (!before || bad.includes(before.source.id)) continue;
      expect(line).toEqual(before);
      same++;
    }
    expect(same).toBeGreaterThan(20);
  });

  test('stop the run with --strict, exit code 1, and leave no line without its image', async () => {
    const out = join(work, 'strict');
    const { code, stderr } = await run('augment', mixed, '--out', out, '--strict');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*class_/);
    if (existsSync(join(out, 'labels.jsonl'))) {
      for (const { file } of labelLines(out)) expect(existsSync(join(out, file))).toBe(true);
    }
  });

  test('nothing but bad files is an error', async () => {
    const only = join(work, 'only-bad');
    writeInto(only, 'a/one.jpg', 'no');
    writeInto(only, 'b/two.jpg', '');
    const { code, stderr } = await run('augment', only, '--out', join(work, 'only-bad-out'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/None of the images of .*only-bad can be read; the first: /);
  });
});

describe('refuses', () => {
  const refused = async (message: RegExp, ...args: string[]) => {
    const { code, stdout, stderr } = await run('augment', ...args);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).not.toMatch(/\n\s+at /); // a message, not a stack
  };
  const out = join(work, 'never');

  test.each([
    ['a missing folder', [join(work, 'absent')], /absent" cannot be opened: it is not there/],
    ['a misspelled method', [data, '--method', 'cutmx'], /\(did you mean "cutmix"\?\)/],
    ['a misspelled option', [data, '--alfa', '1'], /unknown option '--alfa'\n\(Did you mean --alpha\?\)/],
    ['a word for a number', [data, '--alpha', 'one'], /It must be a number/],
    ['alpha 0', [data, '--alpha', '0'], /a number from 0.000001 to 1000000 for alpha/],
    [
      'a backend that is not there',
      [data, '--backend', 'gpu'],
      /Unusable backend "gpu": this build has "auto", .*"cpu"/,
    ],
    ['a wrong shard', [data, '--shard', '3/2'], /i\/n with 1 ≤ i ≤ n/],
    [
      'an unknown form',
      [data, '--format', 'zip'],
      new RegExp(`one of ${writerNames.map((name) => `"${name}"`).join(', ')} for format`),
    ],
    ['batches of no images', [data, '--batch', '0'], /from 1 to 65536 for batch/],
    ['an unknown split', [data, '--split', 'test'], /split/],
    ['both ways out', [data, '--resume', '--force'], /exclude each other/],
  ])('%s', async (_, args, message) => {
    await refused(message, ...args, '--out', out);
    expect(existsSync(out)).toBe(false);
  });

  test('a folder without images', async () => {
    writeInto(join(work, 'texts'), 'a/readme.txt', 'words');
    await refused(/holds no images/, join(work, 'texts'), '--out', out);
  });

  test('an output folder that is not empty, inside the data, or a file', async () => {
    writeInto(join(work, 'taken'), 'mine.txt', 'keep me');
    await refused(/taken is not empty; choose another folder/, data, '--out', join(work, 'taken'));
    await refused(
      /is not empty and holds no run\.json: there is no run to resume/,
      data,
      '--out',
      join(work, 'taken'),
      '--resume',
    );
    await refused(/lies inside the data/, data, '--out', join(data, 'mixed'));
    await refused(/lies inside the data/, data, '--out', data, '--force');
    await refused(/Cannot write .*mine\.txt/, data, '--out', join(work, 'taken', 'mine.txt'));
    expect(readFileSync(join(work, 'taken', 'mine.txt'), 'utf8')).toBe('keep me');
  });

  test('--force takes away only what a run of this package has written', async () => {
    const folder = join(work, 'forced');
    writeInto(folder, 'images/holiday.png', 'a picture of mine');
    await refused(/not removing files that may be yours/, data, '--out', folder, '--force');
    const again = join(work, 'again');
    await run('augment', data, '--out', again, '--batch', '8');
    writeInto(again, 'notes.txt', 'keep me');
    expect((await run('augment', data, '--out', again, '--batch', '4', '--force')).code).toBe(0);
    expect(labelLines(again)).toHaveLength(26);
    expect(readFileSync(join(again, 'notes.txt'), 'utf8')).toBe('keep me');
  });
});
