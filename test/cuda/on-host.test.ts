/**
 * Training with the graphs and kernels for CUDA, on the host (scripts/host-card.mjs): what they compute is what the processor's
 * own engine computes. ONNX Runtime runs the convolutions, on the processor.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { colourFolder } from '../cli/colours';
import { workFolder } from '../cli/fixtures';

const ROOT = resolve(__dirname, '..', '..');
/** The package whose card is the host. */
const PACKAGE = join(ROOT, '.cache', 'host-card');

/** What a process prints. */
function printed(words: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, words, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

interface Found {
  numbers: Record<string, number[]>;
  refused: string;
  kept: boolean;
}

function trainBoth(...words: string[]): Record<'cpu' | 'cuda', Found> {
  // Of the package's own ONNX Runtime.
  const found = printed([join(__dirname, 'train-both.cjs'), PACKAGE, ...words], { SALIENCYMIX_ORT: '' });
  return JSON.parse(found) as ReturnType<typeof trainBoth>;
}

/** How far apart, over the largest, or over 0.01: the gradients of biases before a normalisation are 0 but for rounding. */
function miss(found: readonly number[], wanted: readonly number[]): number {
  const size = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0.01);
  return wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i])), 0) / size;
}

test.each([
  // Nesterov's momentum, dropout with the same masks, residual blocks.
  ['wrn', 'nesterov', '20', 1e-5],
  ['pooling', 'nesterov', '20', 1e-5],
  // Branches and squares that are left out.
  ['dropped', 'nesterov', '10', 1e-5],
  // Its gradients alone: after two steps rounding has moved some values across a ReLU.
  ['vgg', 'plain', '0', 1e-5],
  // AdamW divides by the gradient's own size: where that is all rounding, weights move by it.
  ['wrn', 'adamw', '5', 1e-3],
])('%s with %s, %s steps', (network, optimizer, steps, most) => {
  const { cpu, cuda } = trainBoth(network, optimizer, steps);
  expect(cpu.numbers.losses).toHaveLength(Number(steps));
  expect(miss(cuda.numbers.losses, cpu.numbers.losses)).toBeLessThan(most);
  expect(Object.keys(cuda.numbers)).toEqual(Object.keys(cpu.numbers));
  const far = Object.entries(cpu.numbers).filter(
    ([name, wanted]) => !(miss(cuda.numbers[name], wanted) < (optimizer === 'adamw' ? 0.2 : 1e-3)),
  );
  expect(far.map(([name]) => name)).toEqual([]);
  for (const one of [cpu, cuda]) expect([one.refused, one.kept]).toEqual(['TRAINING', true]);
});

test('batches that are mixed on the card are learned there, alone and beside other threads', () => {
  const found = printed([join(__dirname, 'on-device.cjs'), PACKAGE], { SALIENCYMIX_ORT: '' });
  const { arrays, nchw, nhwc, together } = JSON.parse(found) as Record<string, number[]>;
  expect(arrays).toHaveLength(20);
  expect([nchw, nhwc, together]).toEqual([arrays, arrays, [arrays, arrays]]);
});

const work = workFolder();

test('a run from files to weights on the card is the run on the processor', async () => {
  const data = join(work, 'data');
  await colourFolder(data, { train: 40, test: 12 });
  const runs = Object.fromEntries(
    ['cpu', 'cuda'].map((place) => {
      const out = join(work, place);
      const network = ['--model', 'resnet', '--layers', '1', '--width', '8', '--stem', 'cifar'];
      const changes = ['--crop', '3', '--randaugment', '2', '--probability', '1', '--lr', '0.01'];
      const words = ['train', '--data', data, '--out', out, '--batch', '16', '--epochs', '5', '--seed', '3'];
      const where = ['--backend', place, '--provider', place, '--threads', '1', '--convolution', 'direct'];
      printed([join(PACKAGE, 'bin', 'saliencymix.js'), ...words, ...network, ...changes, ...where]);
      const read = (name: string) => readFileSync(join(out, name), 'utf8');
      const steps = read('metrics.jsonl').trim().split('\n');
      const { environment, top1Error } = JSON.parse(read('run.json')) as {
        environment: Record<string, string>;
        top1Error: number;
      };
      const losses = steps.flatMap((line) => {
        const { kind, loss } = JSON.parse(line) as { kind: string; loss: number };
        return kind === 'step' ? [loss] : [];
      });
      return [place, { losses, environment, top1Error }];
    }),
  );
  expect(runs.cuda.environment).toMatchObject({ backend: 'cuda', provider: 'cuda' });
  expect(runs.cpu.losses).toHaveLength(15);
  expect(miss(runs.cuda.losses, runs.cpu.losses)).toBeLessThan(1e-5);
  expect(runs.cuda.top1Error).toBe(runs.cpu.top1Error);
});
