/** The command line. It parses arguments, calls the API and prints; everything else is in the API. */
import { Command } from 'commander';
import { version } from '../run/environment';
import { addAugment } from './augment';
import { addBuild } from './build';
import { addCam } from './cam';
import { addDemo } from './demo';
import { addInfo } from './info';
import { addLabels } from './labels';
import { addDemoTrain } from './demo-train';
import { addEvaluate } from './evaluate';
import { addExperiment } from './experiment';
import { addRobustness } from './robustness';
import { addSaliency } from './saliency';
import { addTrain } from './train';

export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('saliencymix')
    .description('saliency-guided mixing of training images (SaliencyMix, ICLR 2021)')
    .version(version)
    .showSuggestionAfterError()
    .configureHelp({ sortOptions: false });
  const commands = [
    addAugment,
    addSaliency,
    addTrain,
    addEvaluate,
    addCam,
    addRobustness,
    addLabels,
    addExperiment,
    addInfo,
    addDemo,
    addDemoTrain,
    addBuild,
  ];
  for (const add of commands) add(program);
  await program.parseAsync(argv);
}
