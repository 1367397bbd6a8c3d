/** Experiments of a kind of their own: that they are listed, and the one that cannot be run. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ownNames } from '../../src/experiments';
import { run } from '../cli/fixtures';
import { workFolder } from '../train/fixtures';

const work = workFolder();

test('they are listed', async () => {
  const { stdout } = await run('experiment', 'list');
  for (const name of ownNames) expect(stdout).toMatch(new RegExp(`^${name} +\\w`, 'm'));
});

test('table 3 says what it would take', async () => {
  const out = join(work, 'none');
  const { code, stderr } = await run('experiment', 'run', 'table3', '--data', 'demo', '--out', out);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/VOC07\+12.*training of detectors is not part/)]);
  expect(existsSync(out)).toBe(false);
});
