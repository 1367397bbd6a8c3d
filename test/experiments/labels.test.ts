/** The experiment on labels: figures of every method, and those that are published. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { labelReport } from '../../src';
import { runExperiment } from '../../src/experiments/experiment-run';
import { colourFolder } from '../cli/colours';
import { run } from '../cli/fixtures';
import { workFolder } from '../train/fixtures';

const work = workFolder();

test('figures of every method, with the published ones beside CutMix', async () => {
  const out = join(work, 'labels');
  const data = { path: 'demo', demo: { count: 40, size: 24 } };
  const { own: found } = await runExperiment({
    experiment: 'labels',
    data,
    out,
    scale: 'tiny',
    limit: 30,
    seed: 5,
  });
  const rows = await labelReport({ data, samples: 30, seed: 5 });
  const written = JSON.parse(readFileSync(join(out, 'labels.json'), 'utf8')) as Record<string, unknown>;
  expect(written).toMatchObject({ samples: 30, published: { ghostShare: 0.17, meanError: 0.215 } });
  expect(written.rows).toEqual(JSON.parse(JSON.stringify(rows)));
  expect(found?.files).toContain(join(out, 'labels.png'));
  const lines = readFileSync(join(out, 'labels.md'), 'utf8').split('\n');
  const own = lines.findIndex((line) => /^\| cutmix \| .*\| area \|/.test(line));
  expect(lines[own + 1]).toBe('| cutmix, as published |  |  | area | 17.0 % | 33.0 % | 21.5 % |');
  expect(lines.filter((line) => line.startsWith('| saliencymix |')).length).toBeGreaterThan(20);
}, 60_000);

test('data without masks is refused', async () => {
  await colourFolder(join(work, 'data'), { train: 6 });
  const where = ['--data', join(work, 'data'), '--out', join(work, 'unmasked')];
  const { code, stderr } = await run('experiment', 'run', 'labels', ...where);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/masks/)]);
  expect(existsSync(join(work, 'unmasked'))).toBe(false);
});
