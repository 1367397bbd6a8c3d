/** The README and the pages beside it keep their word. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '..');
const readme = readFileSync(resolve(ROOT, 'README.md'), 'utf8');
const node = (...args: string[]) => spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });

test('tables and example are what the code gives', () => {
  expect(node('scripts/docs/tables.mjs', '--check')).toMatchObject({ status: 0, stderr: '' });
});

test('tables and curves of the experiments are those of the kept results', () => {
  expect(node('scripts/docs/experiments.mjs', '--check')).toMatchObject({ status: 0, stderr: '' });
});

test('the example runs', () => {
  const { status, stdout } = node('examples/training-loop.mjs');
  expect(status).toBe(0);
  // 250 images in batches of 32, twice; the last batch has 26.
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(16);
  expect(lines[7]).toBe(`${26 * 3 * 64 * 64} pixels, 260 label weights`);
});

test('the example of device batches runs', () => {
  const { status, stdout } = node('examples/device.mjs');
  expect(status).toBe(0);
  expect(stdout).toMatch(/^8 peaks, 24576 pixels mixed on (cpu|cuda)\n$/);
});

test('the example of label maps and boxes runs', () => {
  const { status, stdout } = node('examples/label-maps.mjs');
  expect(status).toBe(0);
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(5);
  for (const line of lines) {
    const [two, count, all, pasted] = line.match(/\d+/g)!.map(Number);
    expect(count).toBe(50);
    // Of images that were not mixed none has two classes; some pairs are of one class, and some objects are covered or cut off.
    expect(two).toBeGreaterThan(10);
    expect(two).toBeLessThan(50);
    // Of two halves some are covered, or outside the patch.
    expect(all).toBeLessThan(100);
    expect(pasted).toBeGreaterThan(0);
    expect(pasted).toBeLessThanOrEqual(50);
  }
});

test('the example of training runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'saliencymix-readme-'));
  const example = resolve(ROOT, 'examples/train.mjs');
  const { status, stdout } = spawnSync(process.execPath, [example], { cwd: folder, encoding: 'utf8' });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^(step \d: loss \d\.\d{3}\n){5}$/);
  expect(existsSync(join(folder, 'trainer.safetensors'))).toBe(true);
  rmSync(folder, { recursive: true });
});

test('the example of a model of one’s own runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'saliencymix-readme-'));
  const example = resolve(ROOT, 'examples/own-model.mjs');
  const { status, stdout } = spawnSync(process.execPath, [example], { cwd: folder, encoding: 'utf8' });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^(step \d: loss \d\.\d{3}\n){5}$/);
  expect(readdirSync(folder).toSorted()).toEqual(['own.onnx', 'own.safetensors']);
  rmSync(folder, { recursive: true });
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
      'applyImageOperation',
      'applyPlan',
      'augment',
      'backends',
      'createMixer',
      'describeDataset',
      'imageOperationNames',
      'labelReport',
      'mixMethodNames',
      'oneOf',
      'openDataset',
      'placeBox',
      'saliency',
      'saliencyMethods',
      'schemeNames',
      'uploadBatch',
    ].toSorted(),
  );
});

test('training resolves by its own name, from CommonJS and from ES modules', () => {
  const names =
    'JSON.stringify([m.Trainer.create, m.createModel, m.defineModel, m.Net, m.layers.conv, m.ops.mul, m.train, m.evaluate, m.robustness].map((one) => typeof one))';
  const required = node('-e', `const m = require('saliencymix/train'); console.log(${names})`);
  const imported = node(
    '--input-type=module',
    '-e',
    `import * as m from 'saliencymix/train'; console.log(${names})`,
  );
  expect(JSON.parse(required.stdout)).toEqual(Array(9).fill('function'));
  expect(imported.stdout).toBe(required.stdout);
});

/** A heading's anchor, as GitHub makes it. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = (page: string) =>
  [...readFileSync(page, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading));

test('what the pages link to is there', () => {
  const pages = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  expect(pages.length).toBeGreaterThan(5);
  for (const page of [
    'README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    ...pages.map((name) => `docs/${name}`),
  ]) {
    const file = resolve(ROOT, page);
    const links = [...readFileSync(file, 'utf8').matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(
      ([, link]) => link,
    );
    const broken = links.filter((link) => {
      const [path, anchor] = link.split('#') as [string, string?];
      const to = path === '' ? file : resolve(dirname(file), path);
      return !existsSync(to) || (anchor !== undefined && !anchorsOf(to).includes(anchor));
    });
    expect({ page, broken }).toEqual({ page, broken: [] });
  }
});

test('pictures are small', () => {
  for (const picture of ['docs/preview.png', 'docs/training.png', 'docs/labels.png'])
    expect(readFileSync(resolve(ROOT, picture)).length).toBeLessThan(250_000);
});

test('the commands stand there as .ci/run calls them', () => {
  const ci = readFileSync(resolve(ROOT, '.ci/run'), 'utf8');
  for (const command of ['npm ci && npm test', 'npm ci && npm run demo', 'npm run demo:train']) {
    expect(readme).toContain(`\n${command}\n`);
    expect(ci).toContain(command);
  }
});
