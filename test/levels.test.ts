/** The levels of vector code: each passes the golden and the mixing tests, and none is taken for another. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { type Backend, backends, createMixer, saliency, saliencyMethods } from '../src';
import { noise } from './batches';

const ROOT = resolve(__dirname, '..');
const JEST = resolve(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
const ENTRY = resolve(ROOT, 'dist', 'index.js');
const cpu = backends().find(({ name }) => name === 'cpu') as Backend;

function run(args: string[], level: string) {
  const env = { ...process.env, SALIENCYMIX_CPU: level };
  return spawnSync(process.execPath, args, { cwd: ROOT, env, encoding: 'utf8' });
}

/** A digest of every map, extreme and mixed pixel that a process at this level computes. */
function digestAt(level: string): string {
  const script = `
    const { saliency, createMixer } = require(${JSON.stringify(ENTRY)});
    const hash = require('node:crypto').createHash('sha256');
    (async () => {
      for (const [n, h, w] of [[9, 33, 47], [2, 130, 61], [40, 32, 32]]) {
        const data = Uint8Array.from({ length: n * h * w * 3 }, (_, i) => Math.imul(i + 7, 2654435761) >>> 24);
        const batch = { data, shape: [n, h, w, 3] };
        for (const method of ${JSON.stringify(saliencyMethods.filter((name) => name !== 'learned'))}) {
          const { maps, peaks, lows } = await saliency(batch, { method });
          for (const part of [maps, peaks, lows]) hash.update(part);
          const mixer = createMixer({ saliency: method, classes: 2, ties: 'random' });
          for (const dtype of ['uint8', 'float32', 'float16']) {
            const output = { layout: 'NCHW', dtype };
            const { images, labels } = await mixer.mix(batch, new Int32Array(n), { output });
            for (const part of [images.data, labels]) hash.update(part);
          }
        }
      }
      console.log(hash.digest('hex'));
    })();`;
  const { stdout, stderr } = run(['-e', script], level);
  return stdout.trim() || stderr;
}

test.each(cpu.levels.filter((level) => level !== cpu.level))(
  'golden maps and mixing at level %s',
  (level) => {
    const { status, stderr } = run([JEST, 'test/saliency/golden', 'test/mix'], level);
    expect(stderr).toMatch(/Tests: +\d+ passed, \d+ total/);
    expect(status).toBe(0);
  },
  120_000,
);

test('all vector levels give the same bytes', () => {
  const digests = cpu.levels.filter((level) => level !== 'scalar').map(digestAt);
  expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(digests).size).toBe(1);
});

test('results say at which level they were made', async () => {
  const batch = noise(3, [2, 8, 8, 3]);
  expect(await saliency(batch)).toMatchObject({ backend: 'cpu', level: cpu.level });
  const mixed = await createMixer({ classes: 2 }).mix(batch, Int32Array.of(0, 1));
  expect(mixed).toMatchObject({ backend: 'cpu', level: cpu.level });
  expect(cpu.levels).toContain(cpu.level);
  expect(cpu.levels.at(-1)).toBe('scalar');
});

test('a level that is not there is an error, not another level', () => {
  const script = `const { saliency } = require(${JSON.stringify(ENTRY)});
    saliency({ data: new Uint8Array(3), shape: [1, 1, 1, 3] }).catch(({ code, message }) => console.log(code, message));`;
  const { stdout } = run(['-e', script], 'sse5');
  expect(stdout).toMatch(/^BACKEND .*SALIENCYMIX_CPU asks for "sse5", which is none of the levels .*scalar/);
});
