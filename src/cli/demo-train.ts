import type { Command } from 'commander';
import { percent } from '../report/figures';
import { runCommand, toNumber } from './run';
import { trainAndReport } from './train';

/** Small enough for two processors in a minute or so, and long enough to leave chance far behind. */
const IMAGES = 2000;
const TEST_IMAGES = 300;
const SIZE = 32;
const LEARNING = {
  model: 'resnet',
  block: 'basic',
  layers: [1, 1, 1],
  width: 16,
  batch: 20,
  optimizer: 'adamw',
  learningRate: 0.006,
  schedule: 'cosine',
  warmup: 1,
  crop: 2,
} as const;

interface CommandLineOptions {
  out: string;
  epochs: number;
  seed: number;
  threads: number;
}

export function addDemoTrain(program: Command): void {
  program
    .command('demo-train')
    .description('train a small network on the data set that the package draws itself; may be run again')
    .option('--out <folder>', 'where to write', 'demo-train-output')
    .option('--epochs <n>', `passes over ${IMAGES} images`, toNumber, 10)
    .option('--seed <n>', 'of images, weights and mixing', toNumber, 0)
    .option('--threads <n>', 'of ONNX Runtime; one is enough for so small a network', toNumber, 1)
    .action(({ out, ...chosen }: CommandLineOptions) =>
      runCommand(async (signal) => {
        const demo = (split: string, count: number) => ({
          path: 'demo',
          split,
          demo: { count, size: SIZE, seed: chosen.seed },
        });
        const { top1Error, settings } = await trainAndReport({
          ...LEARNING,
          ...chosen,
          data: demo('train', IMAGES),
          test: demo('test', TEST_IMAGES),
          out,
          // Half of the images as they are: a network of this size and time learns from them faster.
          mixer: { method: 'saliencymix', probability: 0.5 },
          mode: 'force',
          signal,
        });
        const chance = percent(1 / settings.classes.length, 1);
        console.log(`${percent(1 - top1Error, 1)} of the test images are right; chance is ${chance}`);
      }),
    );
}
