/**
 * Training with the graphs and kernels for CUDA, on the host (scripts/host-card.mjs): what they compute is what the processor's
 * own engine computes. ONNX Runtime runs the convolutions, on the processor.
 */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '..', '..');

interface Found {
  numbers: Record<string, number[]>;
  refused: string;
  kept: boolean;
}

function trainBoth(...words: string[]): Record<'cpu' | 'cuda', Found> {
  const folder = join(ROOT, '.cache', 'host-card');
  // Of the package's own ONNX Runtime.
  const env = { ...process.env, SALIENCYMIX_ORT: '' };
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [join(__dirname, 'train-both.cjs'), folder, ...words],
    { encoding: 'utf8', env, maxBuffer: 2 ** 28 },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as ReturnType<typeof trainBoth>;
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
