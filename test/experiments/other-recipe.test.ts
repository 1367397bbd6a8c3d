/** Figure 3 by another recipe: run by the command, on classes with fewer images than the scale takes of each. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CellResult } from '../../src/experiments/result';
import type { ExperimentSummary } from '../../src/report/experiment';
import { colourFolder } from '../cli/colours';
import { run } from '../cli/fixtures';
import { workFolder } from '../train/fixtures';

const work = workFolder();
beforeAll(() => colourFolder(join(work, 'data'), { train: 24, test: 12 }));

test('beside the same figure by its own recipe, each with its table', async () => {
  const figure = (...more: string[]) => {
    const rows = ['--methods', 'salient-to-corresponding,nonsalient-to-salient'];
    const what = [
      'experiment',
      'run',
      'figure3-schemes',
      '--scale',
      'tiny',
      '--seeds',
      '1',
      ...rows,
      ...more,
    ];
    return run(...what, '--data', join(work, 'data'), '--out', join(work, 'out'), '--json');
  };
  const other = await figure('--recipe', 'tiny-imagenet-64');
  expect([other.code, other.stderr]).toEqual([0, expect.not.stringMatching(/fail/)]);
  const own = await figure();
  expect(own.code).toBe(0);
  const tablesOf = ({ stdout }: { stdout: string }) =>
    (JSON.parse(stdout) as { summaries: ExperimentSummary[] }).summaries.map(({ recipe, tables, cells }) => [
      recipe,
      tables.map(({ column, rows }) => [column, rows.map(({ row }) => row)]),
      cells,
    ]);
  const rows = ['saliencymix', 'nonsalient-to-salient'];
  expect(tablesOf(other)).toEqual([['tiny-imagenet-64', [['augmented', rows]], 2]]);
  expect(tablesOf(own)).toEqual([['cifar', [['plain', rows]], 2]]);

  // What they were trained with: eight images of each class are all that there are.
  const results = readdirSync(join(work, 'out'))
    .filter((name) => name.startsWith('resnet'))
    .map((name) => JSON.parse(readFileSync(join(work, 'out', name, 'result.json'), 'utf8')) as CellResult);
  expect(results).toHaveLength(4);
  for (const { recipe, settings } of results) {
    const isTiny = recipe === 'tiny-imagenet-64';
    expect(settings).toMatchObject({
      data: { images: 24 },
      augment: { crop: isTiny ? 4 : 0, flip: isTiny },
      gamma: isTiny ? 0.1 : 0.2,
      mixer: { probability: isTiny ? 1 : 0.5 },
      ...(isTiny && { mean: [0.5, 0.5, 0.5] }),
    });
  }

  const { stdout, code } = await run('experiment', 'report', join(work, 'out'));
  expect([code, stdout]).toEqual([0, expect.stringMatching(/Figure 3 c: .*Figure 3 d: /s)]);
}, 60_000);
