import type { Command } from 'commander';
import { pick } from '../option';
import { percent } from '../report/figures';
import { evaluate, evaluateOptions, type Evaluation } from '../train/evaluate';
import { progressLine } from './progress';
import { addDataOptions, addOptions, dataOf, reportBad, reportNotices, runCommand } from './run';
import { printScored } from './scored';

interface CommandLineOptions extends Record<string, unknown> {
  data: string;
  json?: boolean;
}

const aligned = (share: number) => percent(share).padStart(8);

/** How many classes are shown: those with the largest error. */
const SHOWN = 10;

/** Where the probability of a right class is 0, its loss has no bound. */
function lossInWords({ loss, probabilities }: Evaluation): string {
  const value = loss === Infinity ? 'infinite (a right class has the probability 0)' : loss.toFixed(4);
  return probabilities ? `${value}, from probabilities: the model ends in a softmax` : value;
}

function print(found: Evaluation): void {
  const { images, top1Error, top5Error, confusion, classes, seconds, scored } = found;
  console.log(`${images} images in ${seconds.toFixed(1)} s, ${Math.round(images / seconds)} images/s`);
  printScored(scored);
  console.log(`top-1 error ${aligned(top1Error)}`);
  if (classes.length > 5) console.log(`top-5 error ${aligned(top5Error)}`);
  console.log(`loss        ${lossInWords(found)}`);
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
  const command = program
    .command('evaluate')
    .description('top-1 and top-5 errors of a checkpoint, weights or an ONNX model')
    .argument('<model>', 'checkpoint.safetensors, weights.safetensors or model.onnx')
    .requiredOption('--data <data>', 'folder of images, .tar, files of CIFAR, or "demo"')
    .option('--json', 'everything as JSON');
  addDataOptions(command, 'which of train, val, test (default test, where there are splits)');
  addOptions(command, evaluateOptions).action((model: string, parsed: CommandLineOptions) =>
    runCommand(async (signal) => {
      const line = progressLine();
      const onProgress = ({ done, total }: { done: number; total: number }) => line.update(done, total, 0);
      const data = dataOf(parsed.data, parsed);
      const options = { ...pick(evaluateOptions, parsed), model, data, signal, onProgress };
      const result = await evaluate(options).finally(() => line.stop());
      reportBad(result.bad);
      reportNotices(result.notices);
      if (parsed.json) console.log(JSON.stringify(result, null, 2));
      else print(result);
    }),
  );
}
