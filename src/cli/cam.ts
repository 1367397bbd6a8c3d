import type { Command } from 'commander';
import { type MixerOptions, mixerOptions } from '../mix/options';
import { pick } from '../option';
import { percent } from '../report/figures';
import { cam } from '../train/cam';
import { camOptions, type CamReport } from '../train/cam-options';
import { addDataOptions, addOptions, dataOf, reportBad, reportNotices, runCommand } from './run';

interface CommandLineOptions extends Record<string, unknown> {
  json?: boolean;
  mix?: string | true;
}

/** One path may be data, with its options; several are files. */
const imagesOf = (paths: readonly string[], parsed: CommandLineOptions) => {
  const { path, ...more } = dataOf(paths[0], parsed);
  return paths.length > 1 || Object.keys(more).length === 0 ? paths : { path, ...more };
};

function mixerOf({ mix }: CommandLineOptions): { mixer?: MixerOptions } {
  if (mix === undefined) return {};
  return { mixer: mix === true ? {} : { method: mixerOptions.method.check(mix, 'mix') } };
}

function print({ images, out }: CamReport): void {
  for (const { id, mixed, maps } of images) {
    const other =
      mixed && mixed.source.id !== id ? ` + ${mixed.source.id}, λ = ${mixed.lambda.toFixed(2)}` : '';
    console.log(`${id}${other}`);
    for (const { name, probability, logit, peak } of maps)
      console.log(
        `  ${name.padEnd(16)} ${percent(probability, 1).padStart(7)}   logit ${logit.toFixed(3).padStart(8)}   peak at row ${peak[0]}, column ${peak[1]}`,
      );
  }
  console.log(`Look at ${out}`);
}

export function addCam(program: Command): void {
  const command = program
    .command('cam')
    .description('a picture of where a trained network sees a class: class activation maps, CAM or Grad-CAM')
    .argument('<model>', 'checkpoint.safetensors, or weights.safetensors')
    .argument('<images...>', 'image files, or one folder of images, .tar, files of CIFAR, or "demo"')
    .option(
      '--mix [method]',
      'mix the images in pairs, by saliencymix unless named, and show each mixed one for both classes',
    )
    .option('--json', 'everything as JSON');
  addDataOptions(command, 'which of train, val, test (default test, where there are splits)');
  addOptions(command, camOptions).action((model: string, paths: string[], parsed: CommandLineOptions) =>
    runCommand(async (signal) => {
      const images = imagesOf(paths, parsed);
      const found = await cam({ ...pick(camOptions, parsed), ...mixerOf(parsed), model, images, signal });
      reportBad(found.bad);
      reportNotices(found.notices);
      if (parsed.json) console.log(JSON.stringify(found, null, 2));
      else print(found);
    }),
  );
}
