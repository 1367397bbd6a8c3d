/** The cells of an experiment, and their run: by processes of the built package, killed and gone on with. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { cellsOf } from '../../src/experiments/cells';
import { experimentNames, experiments } from '../../src/experiments';
import { scales, withRecipe } from '../../src/experiments/experiment';
import type { CellResult } from '../../src/experiments/result';
import { runExperiment, summariesOf } from '../../src/experiments/experiment-run';
import { shardOf } from '../../src/experiments/run';
import { parseTraining } from '../../src/train/train-settings';
import { colourFolder } from '../cli/colours';
import { workFolder } from '../train/fixtures';

const data = { path: 'demo', demo: { count: 60, size: 32, seed: 2 } } as const;

describe.each(experimentNames)('%s', (name) => {
  test.each(scales)('at scale %s its cells are runs that can be trained', (scale) => {
    const cells = cellsOf(experiments[name], { scale, data });
    expect(new Set(cells.map(({ id }) => id)).size).toBe(cells.length);
    for (const { options } of cells) expect(() => parseTraining({ ...options, out: 'unused' })).not.toThrow();
  });
});

test('seeds of each row, in turns', () => {
  const cells = cellsOf(experiments.table1, { scale: 'small', data });
  const seedsOf = (row: string) => cells.filter((cell) => cell.row === row && cell.column === 'plain').length;
  expect(['none', 'cutmix', 'saliencymix', 'released-exact', 'mixup'].map(seedsOf)).toEqual([3, 3, 3, 3, 1]);
  const seeds = cells.map(({ seed }) => seed);
  expect(seeds).toEqual(seeds.toSorted((a, b) => a - b));
  expect(cells.every(({ options }) => options.epochs === 30 && options.perClass === 1000)).toBe(true);
});

test('a network has its own options, and a recipe says how many samples are mixed', () => {
  const paper = cellsOf(experiments.table1, { scale: 'paper', data, seeds: 1 });
  const dropoutOf = (name: string) =>
    new Set(paper.filter(({ model }) => model === name).map(({ options }) => options.dropout));
  expect([...dropoutOf('wrn'), ...dropoutOf('resnet18')]).toEqual([0.3, undefined]);
  const shares = (['cifar', 'tiny-imagenet-64'] as const).map((recipe) => {
    const cells = cellsOf(withRecipe(experiments.table1, recipe), { scale: 'small', data, seeds: 1 });
    const [released] = cells.filter(({ row }) => row === 'released-exact');
    return parseTraining({ ...released.options, out: 'unused' }).mixer.probability;
  });
  expect(shares).toEqual([0.5, 1]);
  const columnsBy = (recipe: 'imagenet' | 'tiny-imagenet-64') =>
    withRecipe(experiments.table1, recipe).columns.map(({ title }) => title);
  expect(columnsBy('imagenet')).toEqual(['by the recipe']);
  expect(columnsBy('tiny-imagenet-64')).toEqual(['without crop and flip', 'with crop and flip']);
});

test('a row of one network is trained on others where it is asked for', () => {
  const rowsOf = (scale: 'paper' | 'small', more: object) =>
    cellsOf(experiments.table1, { scale, data, seeds: 1, ...more })
      .filter(({ column }) => column === 'augmented')
      .map(({ model, row }) => `${model} ${row}`);
  const all = rowsOf('paper', {});
  const ofOne = all.filter((one) => /autoaugment|puzzlemix/.test(one));
  expect(ofOne).toEqual(['wrn autoaugment', 'wrn puzzlemix']);
  expect(all).toHaveLength(3 * 9 + 2);
  expect(rowsOf('small', {})).toHaveLength(9);
  expect(rowsOf('small', { methods: ['puzzlemix', 'none'] })).toEqual([
    'resnet20 none',
    'resnet20 puzzlemix',
  ]);
});

test('what is selected, and parts for several machines', () => {
  const some = { scale: 'tiny', data, methods: ['cutmix', 'none'], seeds: 1 } as const;
  const cells = cellsOf(experiments.table1, some);
  expect(cells.map(({ row, column }) => [row, column])).toEqual([
    ['none', 'plain'],
    ['cutmix', 'plain'],
    ['none', 'augmented'],
    ['cutmix', 'augmented'],
  ]);
  const parts = [1, 2, 3].map((i) => shardOf(cells, `${i}/3`).map(({ id }) => id));
  expect(parts.flat().toSorted()).toEqual(cells.map(({ id }) => id).toSorted());
  for (const shard of ['0/3', '4/3', '1', 'a/b', '1/0']) expect(() => shardOf(cells, shard)).toThrow(/shard/);
  expect(() => cellsOf(experiments.table1, { ...some, methods: ['cutmux'] })).toThrow(/cutmix/);
  expect(() => cellsOf(experiments.table1, { ...some, methods: ['none', 'none'] })).toThrow(/each once/);
});

test('another setting is another cell; another place of the data is not', () => {
  const idsOf = (given: object) =>
    cellsOf(experiments.table1, { scale: 'tiny', data: { ...data, ...given }, seeds: 1 }).map(({ id }) => id);
  expect(idsOf({ path: './elsewhere' })).toEqual(idsOf({}));
  const other = idsOf({ demo: { count: 61, size: 32, seed: 2 } });
  expect(other.filter((id) => idsOf({}).includes(id))).toEqual([]);
});

/** A page of two tables shows for each what the baseline and CutMix were trained on: the same images, of which CutMix changes some. */
async function checkSheets(page: string): Promise<void> {
  const sheets = [...page.matchAll(/src="data:image\/png;base64,([^"]+)"/g)].map(([, text]) => text);
  expect(sheets).toHaveLength(2);
  for (const sheet of sheets) {
    const { data: pixels, info } = await sharp(Buffer.from(sheet, 'base64'))
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([290 + 8 * 70 - 6, 2 * 70 - 6]);
    const pictureAt = (row: number, at: number) =>
      Array.from({ length: 64 * 64 }, (_, i) => {
        const place = (row * 70 + (i >> 6)) * info.width + 290 + at * 70 + (i & 63);
        return pixels.subarray(3 * place, 3 * place + 3).join();
      });
    const same = Array.from({ length: 8 }, (_, at) => pictureAt(0, at).join() === pictureAt(1, at).join());
    // CutMix mixes half of them.
    expect(new Set(same)).toEqual(new Set([true, false]));
  }
}

const BIN = resolve(__dirname, '..', '..', 'bin', 'saliencymix.js');

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function start(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [BIN, 'experiment', ...args], { detached: true });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => (stdout += String(text)));
  child.stderr.on('data', (text) => (stderr += String(text)));
  return { child, ended: new Promise((done) => child.on('close', (code) => done({ code, stdout, stderr }))) };
}

describe('runs', () => {
  const work = workFolder();
  beforeAll(() => colourFolder(join(work, 'data'), { train: 24, test: 12 }));
  const runTable = (out: string, ...more: string[]) =>
    start(
      'run',
      'table1',
      '--data',
      join(work, 'data'),
      '--scale',
      'tiny',
      '--seeds',
      '1',
      '--methods',
      'none,cutmix',
      '--out',
      join(work, out),
      ...more,
    );
  const resultsIn = (out: string) =>
    readdirSync(join(work, out))
      .filter((name) => existsSync(join(work, out, name, 'result.json')))
      .map((name) => JSON.parse(readFileSync(join(work, out, name, 'result.json'), 'utf8')) as CellResult);
  const errorsOf = (out: string) =>
    Object.fromEntries(
      resultsIn(out).map(({ id, epochs }) => [id, epochs.map(({ loss, top1Error }) => [loss, top1Error])]),
    );
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await new Promise((done) => setTimeout(done, 50));
  };

  test('killed at any moment, beside another process, and with a damaged result: the same numbers', async () => {
    const whole = await runTable('whole', '--jobs', '2').ended;
    expect([whole.code, whole.stdout]).toEqual([0, expect.stringMatching(/baseline +1 .*\n.*CutMix +1 /s)]);
    expect(resultsIn('whole')).toHaveLength(4);
    expect(existsSync(join(work, 'whole', 'report.md'))).toBe(true);
    await checkSheets(readFileSync(join(work, 'whole', 'report.html'), 'utf8'));

    // Killed with its children while the first cells are trained.
    const killed = runTable('killed', '--jobs', '2');
    await until(() => readdirSync(work).includes('killed') && readdirSync(join(work, 'killed')).length > 0);
    await until(() =>
      readdirSync(join(work, 'killed')).some((name) =>
        existsSync(join(work, 'killed', name, 'metrics.jsonl')),
      ),
    );
    process.kill(-(killed.child.pid as number), 'SIGKILL');
    await killed.ended;
    expect(resultsIn('killed').length).toBeLessThan(4);
    const again = await runTable('killed').ended;
    expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(/--resume goes on with them/)]);

    // Two processes in one folder: no cell is trained twice, and none is lost.
    const both = await Promise.all(
      [runTable('killed', '--resume', '--jobs', '1'), runTable('killed', '--resume', '--jobs', '1')].map(
        ({ ended }) => ended,
      ),
    );
    expect(both.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual([0, 0]);
    const last = await runTable('killed', '--resume').ended;
    expect(last.code).toBe(0);
    expect(errorsOf('killed')).toEqual(errorsOf('whole'));

    const [{ id }] = resultsIn('killed');
    const file = join(work, 'killed', id, 'result.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"top1Error": [\d.]+/, '"top1Error": 0.0001'));
    const mended = await runTable('killed', '--resume').ended;
    expect([mended.code, mended.stderr]).toEqual([
      0,
      expect.stringMatching(/result\.json is damaged.*made again/),
    ]);
    expect(errorsOf('killed')).toEqual(errorsOf('whole'));

    // The checkpoint, too.
    rmSync(file);
    const checkpoint = join(work, 'killed', id, 'checkpoint.safetensors');
    writeFileSync(checkpoint, readFileSync(checkpoint).subarray(0, 1000));
    const anew = await runTable('killed', '--resume').ended;
    expect([anew.code, anew.stderr]).toEqual([0, expect.stringMatching(/trained anew/)]);
    expect(errorsOf('killed')).toEqual(errorsOf('whole'));
  });

  test('what was trained before counts as done, and not as the pace of this run', async () => {
    const each = resultsIn('whole')[0].epochs.length;
    const seen: number[][] = [];
    const { failed } = await runExperiment({
      experiment: 'table1',
      data: { path: join(work, 'data') },
      scale: 'tiny',
      methods: ['none', 'cutmix'],
      seeds: 1,
      out: join(work, 'whole'),
      resume: true,
      onProgress: ({ epochsDone, epochsBefore, epochs }) => seen.push([epochsDone, epochsBefore, epochs]),
    });
    expect(failed).toEqual([]);
    // Of all cells at once, before any is trained.
    expect(seen).toEqual([[4 * each, 4 * each, 4 * each]]);
  });

  test('results that were gathered under other names make the same tables', async () => {
    const gathered = join(work, 'gathered');
    mkdirSync(gathered);
    for (const [i, result] of readdirSync(join(work, 'whole'))
      .filter((name) => existsSync(join(work, 'whole', name, 'result.json')))
      .entries())
      writeFileSync(join(gathered, `${i}.json`), readFileSync(join(work, 'whole', result, 'result.json')));
    writeFileSync(join(gathered, 'other.json'), '{}');
    writeFileSync(join(gathered, 'again.json'), readFileSync(join(gathered, '0.json')));
    const { code, stderr } = await start('report', gathered).ended;
    expect([code, stderr]).toEqual([0, expect.stringMatching(/other\.json is damaged.*left out/)]);
    expect(stderr).toMatch(/1 of 5 results are there twice/);
    const read = (folder: string) => readFileSync(join(work, folder, 'report.md'), 'utf8');
    expect(read('gathered')).toBe(read('whole'));
  });

  test('table 4 measures those networks: as they are their accuracy is that of their last test', async () => {
    const args = [
      '--data',
      join(work, 'data'),
      '--scale',
      'tiny',
      '--seeds',
      '1',
      '--methods',
      'none,cutmix',
    ];
    const run = start('run', 'table4', ...args, '--out', join(work, 'whole'), '--json');
    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    interface Table {
      title: string;
      head: string[];
      rows: { row: string; values: { mean: number }[]; paper?: string }[];
    }
    const { tables } = JSON.parse(stdout) as { tables: Table[] };
    expect(tables.map(({ title }) => title)).toEqual([
      expect.stringContaining('without crop'),
      expect.stringContaining('with crop'),
    ]);
    const errors = resultsIn('whole');
    for (const [i, column] of ['plain', 'augmented'].entries()) {
      expect(tables[i].rows.map(({ row, paper }) => [row, paper])).toEqual([
        ['none', '8.2'],
        ['cutmix', '31.0'],
      ]);
      for (const { row, values } of tables[i].rows) {
        const cell = errors.find((one) => one.row === row && one.column === column) as CellResult;
        expect(values[0].mean).toBeCloseTo(1 - (cell.epochs.at(-1)?.top1Error as number), 9);
        expect(values).toHaveLength(tables[i].head.length);
      }
    }
    expect(existsSync(join(work, 'whole', 'table4.md'))).toBe(true);
    const none = await start('run', 'table4', ...args, '--out', join(work, 'empty')).ended;
    expect([none.code, none.stderr]).toEqual([
      1,
      expect.stringMatching(/no networks of table1.*train them first/),
    ]);
  });

  test('of other test images table 4 has other figures, and table 1 is refused', async () => {
    const others = join(work, 'retested');
    cpSync(join(work, 'data'), others, { recursive: true });
    // One image of two of the classes, whose share was a third: also a network that sees one class everywhere has another error.
    const [, ...two] = readdirSync(join(others, 'test')).map((name) => join(others, 'test', name));
    for (const folder of two) for (const name of readdirSync(folder).slice(1)) rmSync(join(folder, name));
    const what = ['--data', others, '--scale', 'tiny', '--seeds', '1', '--methods', 'none'];
    const measured = await start('run', 'table4', ...what, '--out', join(work, 'whole'), '--json').ended;
    const { tables } = JSON.parse(measured.stdout) as {
      tables: { rows: { values: { mean: number }[] }[] }[];
    };
    const cell = resultsIn('whole').find(({ row, column }) => row === 'none' && column === 'plain');
    expect(tables[0].rows[0].values[0].mean).not.toBeCloseTo(
      1 - (cell?.epochs.at(-1)?.top1Error as number),
      3,
    );
    const refused = await start('run', 'table1', ...what, '--out', join(work, 'whole'), '--resume').ended;
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/was begun with other data/)]);
  });

  test('each seed of a row counts once', () => {
    const [one] = resultsIn('whole');
    const older = { ...one, id: 'older', finished: '2000-01-01', epochs: [] };
    const told: string[] = [];
    const [summary] = summariesOf([older, one], (message) => told.push(message));
    expect(summary.tables[0].rows[0]).toMatchObject({
      seeds: 1,
      last: { mean: one.epochs.at(-1)?.top1Error },
    });
    expect(told).toEqual([expect.stringMatching(`of one row and seed: ${one.id} counts`)]);
  });

  test('another experiment in the folder has the cells that both have, and its own', async () => {
    const args = ['--data', join(work, 'data'), '--scale', 'tiny', '--seeds', '1', '--resume', '--json'];
    const { code, stdout } = await start(
      'run',
      'figure3-saliency',
      '--methods',
      'cutmix,sobel',
      ...args,
      '--out',
      join(work, 'whole'),
    ).ended;
    expect(code).toBe(0);
    interface Summary {
      name: string;
      tables: { rows: { row: string; seeds: number; differences: { to: string }[] }[] }[];
    }
    const { summaries } = JSON.parse(stdout) as { summaries: Summary[] };
    const figure = summaries.find(({ name }) => name === 'figure3-saliency') as Summary;
    expect(figure.tables.map(({ rows }) => rows.map(({ row, seeds }) => [row, seeds]))).toEqual([
      [
        ['cutmix', 1],
        ['sobel', 1],
      ],
    ]);
    expect(figure.tables[0].rows[1].differences.map(({ to }) => to)).toEqual(['cutmix']);
    // What the folder has of other experiments stays in its report, after this one.
    expect(readFileSync(join(work, 'whole', 'report.md'), 'utf8')).toMatch(/Figure 3.*Table 1/s);
    // Then a part of table 1 again: its report has the other rows as well.
    const part = await runTable('whole', '--resume', '--methods', 'none').ended;
    expect([part.code, part.stdout]).toEqual([0, expect.stringMatching(/Table 1.*baseline.*CutMix/s)]);
  });

  test('cells of other data are refused', async () => {
    await colourFolder(join(work, 'others'), { train: 27, test: 12 });
    const args = [
      '--scale',
      'tiny',
      '--seeds',
      '1',
      '--methods',
      'none',
      '--out',
      join(work, 'whole'),
      '--resume',
    ];
    const { code, stderr } = await start('run', 'table1', '--data', join(work, 'others'), ...args).ended;
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/was trained on other data .*choose another --out/),
    ]);
    const gone = await start('run', 'table1', '--data', join(work, 'gone'), ...args, '--json').ended;
    expect(gone.code).toBe(1);
  });

  test('a cell is kept when the files of its data have other dates, and goes on with --ignore-dates', async () => {
    const [{ id }] = resultsIn('killed');
    const folder = join(work, 'killed', id);
    rmSync(join(folder, 'result.json'));
    const checkpoint = readFileSync(join(folder, 'checkpoint.safetensors'));
    const [name] = readdirSync(join(work, 'data'), { recursive: true, encoding: 'utf8' }).filter((one) =>
      one.endsWith('.png'),
    );
    const file = join(work, 'data', name);
    const { mtime } = statSync(file);
    utimesSync(file, new Date(), new Date(mtime.getTime() + 60_000));
    const refused = await runTable('killed', '--resume').ended;
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/other data.*--ignore-dates.*when its folder is removed\n.*1 of 4 cells failed/s),
    ]);
    expect(readFileSync(join(folder, 'checkpoint.safetensors')).equals(checkpoint)).toBe(true);
    const { code, stderr } = await runTable('killed', '--resume', '--ignore-dates').ended;
    expect([code, stderr]).toEqual([0, expect.not.stringMatching(/trained anew/)]);
    expect(errorsOf('killed')[id]).toEqual(errorsOf('whole')[id]);
    utimesSync(file, new Date(), mtime);
  });

  test('a cell whose run.json is cut off is trained anew', async () => {
    const [{ id }] = resultsIn('killed');
    const folder = join(work, 'killed', id);
    rmSync(join(folder, 'result.json'));
    writeFileSync(join(folder, 'run.json'), '{"tool":');
    const { code, stderr } = await runTable('killed', '--resume').ended;
    expect([code, stderr]).toEqual([0, expect.stringMatching(/trained anew/)]);
    expect(errorsOf('killed')[id]).toEqual(errorsOf('whole')[id]);
  });

  test.each([
    ['an epoch is missing', (text: string) => text.replace(/^.*"kind":"epoch".*\n/m, '')],
    ['a line is none', (text: string) => `nothing\n${text}`],
    ['it is empty', () => ''],
    ['it is gone', () => undefined],
  ])('a cell whose metrics are damaged is trained anew: %s', async (_, change) => {
    const [{ id }] = resultsIn('killed');
    const [result, metrics] = ['result.json', 'metrics.jsonl'].map((name) => join(work, 'killed', id, name));
    rmSync(result);
    const text = readFileSync(metrics, 'utf8');
    const changed = change(text);
    expect(changed).not.toBe(text);
    if (changed === undefined) rmSync(metrics);
    else writeFileSync(metrics, changed);
    const { code, stderr } = await runTable('killed', '--resume').ended;
    expect([code, stderr]).toEqual([0, expect.stringMatching(/metrics\.jsonl is damaged.*trained anew/)]);
    expect(errorsOf('killed')[id]).toEqual(errorsOf('whole')[id]);
  });

  test('a cell that another machine has locked is told of, with what to do', async () => {
    const [{ id }] = resultsIn('killed');
    const folder = join(work, 'killed', id);
    const result = readFileSync(join(folder, 'result.json'));
    rmSync(join(folder, 'result.json'));
    writeFileSync(join(folder, '.saliencymix.lock'), '{"pid":7,"host":"another-machine","born":""}');
    const { code, stdout } = await runTable('killed', '--resume').ended;
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /1 of 4 cells are trained by other processes:\n.*process 7 on another-machine: if it no longer runs, delete .*\.lock/,
      ),
    ]);
    rmSync(join(folder, '.saliencymix.lock'));
    writeFileSync(join(folder, 'result.json'), result);
  });

  test('mistakes', async () => {
    const unknown = await start('run', 'table9', '--data', 'demo').ended;
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringMatching(/table9.*table1/)]);
    const nothing = await start('report', join(work, 'nowhere')).ended;
    expect([nothing.code, nothing.stderr]).toEqual([1, expect.stringMatching(/nowhere/)]);
    const { stdout } = await start('list').ended;
    for (const name of experimentNames) expect(stdout).toContain(name);
  });
});
