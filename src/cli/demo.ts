import { join } from 'node:path';
import type { Command } from 'commander';
import { hitRate } from '../augment/hit-rate';
import { openDataset } from '../data/dataset';
import { percent } from '../report/figures';
import { augmentAndReport } from './augment';
import { runCommand, toNumber } from './run';

interface CommandLineOptions {
  out: string;
  count: number;
  size: number;
  seed: number;
}

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('the whole job on a data set that the package draws itself; may be run again')
    .option('--out <folder>', 'where to write', 'demo-output')
    .option('--count <n>', 'images to draw', toNumber, 250)
    .option('--size <pixels>', 'side of an image', toNumber, 128)
    .option('--seed <n>', 'of the images and of the mixing', toNumber, 0)
    .action(({ out, count, size, seed }: CommandLineOptions) =>
      runCommand(async (signal) => {
        const demo = { count, size, seed };
        const data = { path: 'demo', demo };
        await augmentAndReport({ data, out, mixer: { seed }, mode: 'force', signal });
        const dataset = await openDataset(data);
        const rates = await hitRate(dataset, [size, size]);
        await dataset.close();
        if (!rates) return;
        console.log(`\nHow often the most salient pixel is on the object (${rates.images} images):`);
        for (const [method, share] of Object.entries(rates.methods))
          console.log(`  ${method.padEnd(18)} ${percent(share, 1).padStart(7)}`);
        console.log(
          `  ${'chance'.padEnd(18)} ${percent(rates.chance, 1).padStart(7)}   (a pixel drawn at random, as CutMix draws it)`,
        );
        console.log(`\nLook at ${join(out, 'preview.png')}`);
      }),
    );
}
