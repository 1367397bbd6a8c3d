/** The README keeps its word. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const ROOT = resolve(__dirname, '..');
const readme = readFileSync(resolve(ROOT, 'README.md'), 'utf8');
const node = (...args: string[]) => spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });

test('tables and example are what the code gives', () => {
  expect(node('scripts/readme-tables.mjs', '--check')).toMatchObject({ status: 0, stderr: '' });
});

test('the example runs', () => {
  const { status, stdout } = node('examples/training-loop.mjs');
  expect(status).toBe(0);
  // 250 images in batches of 32, twice; the last batch has 26.
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(16);
  expect(lines[7]).toBe(`${26 * 3 * 64 * 64} pixels, 260 label weights`);
});

test('the package resolves by its own name, from CommonJS and from ES modules, with the same names', () => {
  const names =
    'JSON.stringify(Object.keys(m).filter((name) => !["default", "module.exports", "__esModule"].includes(name)).sort())';
  const required = node('-e', `const m = require('saliencymix'); console.log(${names})`);
  const imported = node(
    '--input-type=module',
    '-e',
    `import * as m from 'saliencymix'; console.log(${names})`,
  );
  expect(required.stdout).toBe(imported.stdout);
  expect(JSON.parse(required.stdout)).toEqual(
    [
      'SaliencyMixError',
      'applyPlan',
      'augment',
      'backends',
      'createMixer',
      'mixMethodNames',
      'oneOf',
      'openDataset',
      'placeBox',
      'saliency',
      'saliencyMethods',
      'schemeNames',
    ].toSorted(),
  );
});

test('what it links to is there, and small', () => {
  for (const [, link] of readme.matchAll(/\]\((?!https?:)([^)]+)\)/g))
    expect(existsSync(resolve(ROOT, link))).toBe(true);
  expect(readFileSync(resolve(ROOT, 'docs/preview.png')).length).toBeLessThan(250_000);
});

test('the two commands stand there as .ci/run calls them', () => {
  const ci = readFileSync(resolve(ROOT, '.ci/run'), 'utf8');
  for (const command of ['npm ci && npm test', 'npm ci && npm run demo']) {
    expect(readme).toContain(`\n${command}\n`);
    expect(ci).toContain(command);
  }
});
