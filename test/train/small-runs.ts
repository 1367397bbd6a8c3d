/** Short runs of a small network on a few images of the demo, and the steps that they have written. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { train, type TrainOptions } from '../../src/train';

export const data = { path: 'demo', split: 'train', demo: { count: 40, size: 32, seed: 2 } } as const;
export const [BATCH, RATE, SEED] = [16, 0.02, 5];
export const network = { block: 'basic', layers: [1, 1], width: 4, stem: 'cifar' } as const;

/** Two epochs of three steps each, into a folder of this name. */
export const runsIn =
  (work: string, common: Partial<TrainOptions>) =>
  (name: string, more: Partial<TrainOptions> = {}) =>
    train({
      data,
      test: false,
      model: 'resnet',
      ...network,
      epochs: 2,
      batch: BATCH,
      learningRate: RATE,
      schedule: 'constant',
      crop: 0,
      flip: false,
      seed: SEED,
      threads: 1,
      out: join(work, name),
      ...common,
      ...more,
    });

export interface Line {
  kind: 'step' | 'epoch';
  loss: number;
  accuracy: number;
  seconds: number;
  idle: number;
  saliencySeconds: number;
}

export const linesOf = (folder: string): Line[] =>
  readFileSync(join(folder, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

export const lossesOf = (folder: string): number[] =>
  linesOf(folder)
    .filter(({ kind }) => kind === 'step')
    .map(({ loss }) => loss);

/** Begins a run, and stops it after two of its steps or some more. */
export async function stopped(run: ReturnType<typeof runsIn>, name: string): Promise<void> {
  const controller = new AbortController();
  const running = run(name, {
    signal: controller.signal,
    onProgress: ({ done }) => done >= 2 * BATCH && controller.abort(),
  });
  await expect(running).rejects.toThrow();
}
