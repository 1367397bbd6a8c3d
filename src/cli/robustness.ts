import type { Command } from 'commander';
import { pick } from '../option';
import { percent } from '../report/figures';
import { type Robustness, robustness, robustnessOptions } from '../train/robustness/robustness';
import { progressLine } from './progress';
import { addDataOptions, addOptions, dataOf, reportBad, reportNotices, runCommand } from './run';
import { printScored } from './scored';

interface CommandLineOptions extends Record<string, unknown> {
  data: string;
  json?: boolean;
}

interface Row {
  top1Error: number;
  top5Error: number;
  loss: number;
}

/** A table: what was done in the first columns, then the errors. */
function printRows(
  head: readonly string[],
  rows: readonly (Row & { what: readonly string[] })[],
  top5: boolean,
) {
  const lines = [
    [...head, 'top-1 error', ...(top5 ? ['top-5 error'] : []), 'loss'],
    ...rows.map(({ what, top1Error, top5Error, loss }) => [
      ...what,
      percent(top1Error),
      ...(top5 ? [percent(top5Error)] : []),
      loss.toFixed(4),
    ]),
  ];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  for (const cells of lines)
    console.log(`  ${cells.map((cell, column) => cell.padStart(widths[column])).join('  ')}`);
}

const plain = (value: number) => String(Number(value.toPrecision(4)));

function printCalibration({ calibration }: Robustness): void {
  if (!calibration) return;
  const { expectedError, maximumError, logLikelihoodLoss, bins } = calibration;
  console.log(`\ncalibration, ${bins.length} bins of confidence`);
  console.log(`  expected calibration error  ${percent(expectedError)}`);
  console.log(`  maximum calibration error   ${percent(maximumError)}`);
  console.log(`  negative log likelihood     ${logLikelihoodLoss.toFixed(4)}`);
}

function printAttacks({ fgsm, pgd }: Robustness, top5: boolean): void {
  if (fgsm) {
    console.log('\nfgsm: one step of ε along the sign of the gradient');
    printRows(
      ['ε/255'],
      fgsm.map((row) => ({ ...row, what: [plain(row.epsilon)] })),
      top5,
    );
  }
  if (pgd) {
    const from = pgd.randomStart ? 'from a random point' : 'from the image';
    console.log(`\npgd: ${pgd.steps} steps within ε, ${from}`);
    printRows(
      ['ε/255', 'step/255'],
      pgd.rows.map((row) => ({ ...row, what: [plain(row.epsilon), plain(row.step)] })),
      top5,
    );
  }
}

function printOcclusion({ occlusion }: Robustness, top5: boolean): void {
  if (!occlusion) return;
  const { grid, cover, rows } = occlusion;
  const by = cover === 'mean' ? 'the mean colour' : 'black';
  console.log(`\nocclusion: random patches of ${grid.join(' × ')} are covered with ${by}`);
  printRows(
    ['covered', 'patches'],
    rows.map((row) => ({ ...row, what: [`${plain(row.dropped)} %`, String(row.patches)] })),
    top5,
  );
}

function print(found: Robustness): void {
  const { images, clean, classes, seconds, scored } = found;
  console.log(`${images} images in ${seconds.toFixed(1)} s`);
  printScored(scored);
  const top5 = classes.length > 5;
  console.log('\nclean');
  printRows([], [{ ...clean, what: [] }], top5);
  printCalibration(found);
  printAttacks(found, top5);
  printOcclusion(found, top5);
}

export function addRobustness(program: Command): void {
  const command = program
    .command('robustness')
    .description('errors of a trained model on images that are attacked or occluded, and its calibration')
    .argument(
      '<model>',
      'checkpoint.safetensors or weights.safetensors; of model.onnx not what needs gradients',
    )
    .requiredOption('--data <data>', 'folder of images, .tar, files of CIFAR, or "demo"')
    .option('--json', 'everything as JSON');
  addDataOptions(command, 'which of train, val, test (default test, where there are splits)');
  addOptions(command, robustnessOptions).action((model: string, parsed: CommandLineOptions) =>
    runCommand(async (signal) => {
      const line = progressLine();
      const onProgress = ({ done, total }: { done: number; total: number }) => line.update(done, total, 0);
      const data = dataOf(parsed.data, parsed);
      const options = { ...pick(robustnessOptions, parsed), model, data, signal, onProgress };
      const result = await robustness(options).finally(() => line.stop());
      reportBad(result.bad);
      reportNotices(result.notices);
      if (parsed.json) console.log(JSON.stringify(result, null, 2));
      else print(result);
    }),
  );
}
