/** Batches of one image, which have no second one to mix with, and options that do nothing for the method: it is said. */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { imageFolder, labelLines, run, workFolder } from './fixtures';

const work = workFolder();
const data = join(work, 'data');
beforeAll(() => imageFolder(data, 9));

test.each(['saliencymix', 'cutmix', 'mixup', 'resizemix'])(
  'augment --batch 1 --method %s',
  async (method) => {
    const out = join(work, method);
    const { code, stderr } = await run('augment', data, '--out', out, '--batch', '1', '--method', method);
    expect(code).toBe(0);
    expect(stderr).toContain(
      `warning: with --batch 1 (batch: 1) no image has a second one for "${method}", so nothing is mixed: take batches of 2 images or more\n`,
    );
    const lines = labelLines(out);
    expect(lines).toHaveLength(9);
    for (const { mixed, target, source, label } of lines) {
      expect([mixed, source]).toEqual([false, target]);
      expect(Math.max(...label)).toBeCloseTo(1, 6);
    }
  },
);

test('methods that need no second image, and batches that have one, say nothing', async () => {
  for (const [i, more] of [['1', '--method', 'cutout'], ['1', '--probability', '0'], ['8']].entries()) {
    const { stderr } = await run('augment', data, '--out', join(work, `quiet-${i}`), '--batch', ...more);
    expect(stderr).not.toContain('warning');
  }
  // 9 images in batches of 8: the last one is alone, and not mixed.
  const lines = labelLines(join(work, 'quiet-2'));
  expect(lines.filter(({ batch }) => batch === 1)).toMatchObject([{ mixed: false }]);
  for (const { mixed, target, source } of lines) expect(mixed).toBe(target.id !== source.id);
});

test('options that do nothing for the method are named', async () => {
  const mixing = ['--method', 'mixup', '--scheme', 'salient-to-salient', '--label-rule', 'saliency'];
  const { code, stderr } = await run('augment', data, '--out', join(work, 'nothing'), ...mixing);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^warning: --scheme, --label-rule do nothing for "mixup"\n/);
  const learning = ['--recipe', 'cutout-paper', '--fill', '3', '--box', 'clip', '--epochs', '0'];
  const refused = await run('train', '--data', data, '--out', join(work, 'nothing-2'), ...learning);
  expect(refused.stderr).toMatch(/^warning: --box does nothing for "cutout"\nerror: .*epochs/);
});

test('train --batch 1, and data of one image', async () => {
  const options =
    '--no-test --batch 1 --epochs 1 --model resnet --layers 1 --width 4 --stem cifar --threads 1';
  const trained = await run('train', '--data', data, '--out', join(work, 'train'), ...options.split(' '));
  expect(trained.stderr).toContain('warning: with --batch 1 (batch: 1) no image has a second one');
  const one = join(work, 'one');
  await imageFolder(one, 1);
  const { stderr } = await run('augment', one, '--out', join(work, 'of-one'));
  expect(stderr).toContain(
    'warning: where the data has one image no image has a second one for "saliencymix"',
  );
});

test('the API: a warning of the process where the first batch is of one image, once', () => {
  const program = `
    const { createMixer, oneOf } = require('saliencymix');
    const batch = (n) => ({ data: new Uint8Array(n * 192), shape: [n, 8, 8, 3] });
    (async () => {
      const quiet = createMixer({ classes: 2 });
      await quiet.mix(batch(2), new Int32Array(2));
      await quiet.mix(batch(1), new Int32Array(1));
      await createMixer({ method: 'cutout' }).plan(batch(1));
      console.error('quiet so far');
      const mixer = oneOf([[{ method: 'none' }, 1], [{ method: 'mixup' }, 1]], { classes: 2 });
      for (let i = 0; i < 3; i++) await mixer.mix(batch(1), new Int32Array(1));
      await createMixer({ classes: 2 }).mix(batch(1), new Int32Array(1));
    })();
  `;
  const { stderr } = spawnSync(process.execPath, ['-e', program], {
    cwd: resolve(__dirname, '..', '..'),
    encoding: 'utf8',
  });
  expect(stderr).toMatch(
    /^quiet so far\n.*SaliencyMixWarning: A batch of one image has no second one for "mixup"/,
  );
  expect(stderr.match(/SaliencyMixWarning/g)).toHaveLength(1);
});
