/** The driver of changed inputs: it accepts the valid ones, gives the same cases for a seed, and finds what is wrong. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const RUN = resolve(__dirname, 'fuzz', 'run.mjs');
const keep = mkdtempSync(join(tmpdir(), 'saliencymix-fuzz-'));
afterAll(() => rmSync(keep, { recursive: true, force: true }));

const run = (...args: string[]) =>
  spawnSync(process.execPath, [RUN, '--plain', '--keep', keep, ...args], { encoding: 'utf8' });

test('some cases of plans, arrays, archives and networks find no fault', () => {
  const { stdout, stderr, status } = run('--cases', '150', '--seed', '1', '--only', 'plan,npy,tar,layers');
  expect({ stderr, status, stdout }).toMatchObject({ stderr: '', status: 0 });
  expect(stdout).toMatch(/^plan +\d+ cases, +[1-9]\d* accepted, refused: ARGUMENT [1-9]/m);
  expect(stdout).toMatch(
    /^600 cases in \d+ s, seed 1, without sanitizers, at most \d+ MB \(.*\): 0 faults$/m,
  );
}, 60_000);
