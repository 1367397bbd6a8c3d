/** Table 5: times of steps and of mixing, and what is reckoned from them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runExperiment } from '../../src/experiments/experiment-run';
import { middleOf } from '../../src/experiments/table5';
import type { TimesReport } from '../../src/report/times';
import { colourFolder } from '../cli/colours';
import { run } from '../cli/fixtures';
import { workFolder } from '../train/fixtures';

const work = workFolder();
const folder = join(work, 'data');
beforeAll(() => colourFolder(folder, { train: 72, test: 24 }));

test('the middle of times', () => {
  expect(middleOf([5, 1, 4, 2, 3])).toEqual({ median: 3, quartiles: [2, 4] });
  expect(middleOf([2])).toEqual({ median: 2, quartiles: [2, 2] });
});

test('times of steps and of mixing, with ratios within rounds, and hours reckoned from them', async () => {
  const out = join(work, 'times');
  const some = ['--methods', 'cutmix,saliencymix,released-exact', '--rounds', '3', '--steps', '1'];
  const { code, stdout } = await run(
    'experiment',
    'run',
    'table5',
    '--scale',
    'tiny',
    ...some,
    '--data',
    folder,
    '--out',
    out,
    '--json',
  );
  expect(code).toBe(0);
  interface Times {
    steps: number[][];
    mixing: number[][];
  }
  const { own } = JSON.parse(stdout) as { own: { found: { reports: (TimesReport & { times: Times })[] } } };
  const [report, ...others] = own.found.reports;
  expect(others).toEqual([]);
  const { rows, times } = report;
  expect(rows.map(({ row, paper }) => [row, paper])).toEqual([
    ['none', 0.83],
    ['cutmix', 0.89],
    ['saliencymix', 0.91],
    ['released-exact', undefined],
  ]);
  expect(report).toMatchObject({ batch: 32, images: 72, epochs: 200, size: [32, 32], rounds: 3 });
  for (const [i, { step, ratio, mixing, epoch, hours }] of rows.entries()) {
    expect(times.steps[i]).toHaveLength(3);
    // Which takes longer is not asked: other tests run beside this one. An epoch has three batches.
    expect([step, mixing]).toEqual([middleOf(times.steps[i]), middleOf(times.mixing[i])]);
    expect(Math.min(...times.steps[i], ...times.mixing[i])).toBeGreaterThan(0);
    expect(ratio.median).toBe(
      middleOf(times.steps[i].map((seconds, k) => seconds / times.steps[0][k])).median,
    );
    expect([epoch, hours]).toEqual([3 * step.median, expect.closeTo((200 * 3 * step.median) / 3600, 12)]);
  }
  for (const { median } of Object.values(report.saliency)) expect(median).toBeGreaterThan(0);
  const written = readFileSync(join(out, 'table5.md'), 'utf8');
  expect(written).toMatch(/\| baseline \| [\d.]+ m?s \| 1 \| .*\| 0\.83 h \| 1\.000 \|/);
  expect(written).toMatch(/\| SaliencyMix \| .*\| 0\.91 h \| 1\.096 \|/);
  expect(readFileSync(join(out, 'table5.html'), 'utf8')).toContain('RTX 2080 Ti');
}, 60_000);

test('data of one batch is refused', async () => {
  await colourFolder(join(work, 'few'), { train: 24, test: 6 });
  const given = {
    experiment: 'table5',
    data: join(work, 'few'),
    scale: 'tiny',
    out: join(work, 'x'),
  } as const;
  await expect(runExperiment(given)).rejects.toThrow(/24 images .* two whole batches/);
});
