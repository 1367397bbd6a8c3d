import type { Command } from 'commander';
import { percent } from '../report/figures';
import { evaluate, type EvaluateOptions, type Evaluation } from '../train/evaluate';
import { progressLine } from './progress';
import { parseSize, reportBad, runCommand, toNumber, toNumbers } from './run';

interface Parsed {
  data: string;
  split?: string;
  size?: EvaluateOptions['size'];
  mean?: number[];
  std?: number[];
  batch?: number;
  threads?: number;
  strict?: boolean;
  json?: boolean;
}

const aligned = (share: number) => percent(share).padStart(8);

/** The classes that are mistaken most. */
const SHOWN = 10;

function print({ images, loss, top1Error, top5Error, confusion, classes, seconds }: Evaluation): void {
  console.log(`${images} images in ${seconds.toFixed(1)} s, ${Math.round(images / seconds)} images/s`);
  console.log(`top-1 error ${aligned(top1Error)}`);
  if (classes.length > 5) console.log(`top-5 error ${aligned(top5Error)}`);
  console.log(`loss        ${loss.toFixed(4)}`);
  const perClass = confusion.flatMap((row, label) => {
    const count = row.reduce((a, b) => a + b, 0);
    return count > 0 ? [{ label, error: 1 - row[label] / count, row }] : [];
  });
  perClass.sort((a, b) => b.error - a.error);
  console.log(`\n${perClass.length > SHOWN ? 'The hardest classes' : 'By class'}:`);
  for (const { label, error, row } of perClass.slice(0, SHOWN)) {
    const others = row.map((count, k) => ({ k, count })).filter(({ k, count }) => k !== label && count > 0);
    others.sort((a, b) => b.count - a.count);
    const mistaken = others.slice(0, 2).map(({ k, count }) => `${classes[k]} ${count}`);
    const as = mistaken.length > 0 ? `   taken for ${mistaken.join(', ')}` : '';
    console.log(`  ${classes[label].padEnd(16)} ${aligned(error)}${as}`);
  }
}

export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('top-1 and top-5 errors of a checkpoint or an ONNX model')
    .argument('<model>', 'checkpoint.safetensors or model.onnx')
    .requiredOption('--data <data>', 'folder of images, .tar, CIFAR binary files, or "demo"')
    .option('--split <name>', 'which of train, val, test (default test, where there are splits)')
    .option('--size <size>', 'pixels of a side or HEIGHTxWIDTH (default: as trained)', parseSize)
    .option('--mean <r,g,b>', 'per channel, of [0, 1] (default: as trained)', toNumbers)
    .option('--std <r,g,b>', 'per channel (default: as trained)', toNumbers)
    .option('--batch <n>', 'images at once (default 128)', toNumber)
    .option('--threads <n>', 'all processors unless given', toNumber)
    .option('--strict', 'stop at the first bad file, with exit code 1')
    .option('--json', 'everything as JSON')
    .action((model: string, { data: path, split, json, ...options }: Parsed) =>
      runCommand(async (signal) => {
        const line = progressLine();
        const onProgress = ({ done, total }: { done: number; total: number }) => line.update(done, total, 0);
        const data = split === undefined ? path : { path, split };
        const result = await evaluate({ ...options, model, data, signal, onProgress }).finally(() =>
          line.stop(),
        );
        reportBad(result.bad);
        if (json) console.log(JSON.stringify(result, null, 2));
        else print(result);
      }),
    );
}
