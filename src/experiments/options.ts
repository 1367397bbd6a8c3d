/** The options of an experiment's run. */
import { invalid } from '../check';
import { dataOption } from '../data/datasets';
import { ignoreDatesOption } from '../run/data-options';
import {
  abortSignal,
  callback,
  custom,
  flag,
  named,
  optional,
  type OptionsOf,
  required,
  text,
  whole,
} from '../option';
import { recipeNames, recipes } from '../train/recipes';
import { learningOptions } from '../train/train-options';
import type { Warn } from '../warning';
import { scales } from './experiment';
import { experimentNames, measuredNames, ownNames } from './index';
import type { GridProgress } from './run';

const namesOf = (about: string) =>
  custom<readonly string[]>(
    (value, argument) => {
      if (Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string'))
        return value;
      throw invalid(argument, 'a list of names', value);
    },
    { kind: 'names', about },
  );

/** How an experiment mixes its rows say; a recipe with a method of its own would be that of rows that name none. */
const withoutMethod = recipeNames.filter((name) => !('method' in recipes[name].mixer));

export const experimentOptions = {
  experiment: required(named([...experimentNames, ...measuredNames, ...ownNames])),
  /** CIFAR-10, or what the recipe is for, in any form that can be read: its files, a folder, a tar. */
  data: required(dataOption),
  /** Each cell gets a folder of its own in this one. */
  out: required(text('path')),
  scale: named(scales, {
    default: 'small',
    about:
      'paper: its networks, epochs and seeds; small: ResNet-20 on 1 000 images of each class for 30 epochs; tiny: minutes, to see that it runs',
  }),
  recipe: named(withoutMethod, {
    about:
      'trained by this one in place of the scale’s, on data of yours that it is for; tiny-imagenet-64 makes figure 3 b and d of figure 3 a and c',
  }),
  models: namesOf('of the scale’s networks, these alone'),
  methods: namesOf('of the rows, these alone'),
  seeds: whole(1, { max: 1000, about: 'of each row, in place of the scale’s numbers' }),
  jobs: whole(1, {
    max: 1024,
    about:
      'cells that are trained side by side, one thread each; as many as there are processors unless given',
  }),
  shard: text('i/n', { about: 'the i-th of n parts of the cells, for n machines' }),
  limit: whole(1, {
    about: 'of table4: so many of the images, drawn at random; of labels: samples of each line',
  }),
  rounds: whole(1, { max: 1000, default: 7, about: 'of table5: so often steps of each method are timed' }),
  steps: whole(1, { max: 100_000, default: 20, about: 'of table5: steps of each method in a round' }),
  pairs: whole(1, { max: 16, default: 2, about: 'of figure4: pairs of images' }),
  seed: whole(0, { default: 0, about: 'of figure4 and labels: of which images are taken' }),
  provider: optional(learningOptions.provider, 'of table5: where ONNX Runtime computes; cpu unless given'),
  threads: whole(1, {
    max: 1024,
    about: 'of table5, figure4 and labels, which run in one process; all processors unless given',
  }),
  resume: flag({ default: false }),
  ignoreDates: ignoreDatesOption(),
  signal: abortSignal(),
  onProgress: callback<(progress: GridProgress) => void>(),
  onWarning: callback<Warn>(),
};

export type ExperimentOptions = OptionsOf<typeof experimentOptions>;
