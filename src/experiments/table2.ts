import type { PaperValue } from '../report/experiment';
import { byRecipe, type Experiment, type PaperTable } from './experiment';
import { imagenetProtocols } from './protocols';
import * as rows from './rows';

/** The paper has all but its own rows from others, whose settings its text does not tell where their papers do not, either. */
const CUTMIX = 'Yun et al., CutMix';

const of = (error: number, by?: string): { recipe: PaperValue } => ({
  recipe: { error, ...(by !== undefined && { by }) },
});

/** Top-1 error in percent, the lowest of all epochs. */
const paper: PaperTable = {
  resnet50: {
    none: of(23.68, CUTMIX),
    'cutout-112': of(22.93, CUTMIX),
    'stochastic-depth': of(22.46, CUTMIX),
    mixup: of(22.58, CUTMIX),
    'manifold-mixup': of(22.5, CUTMIX),
    autoaugment: of(22.4, 'Cubuk et al., AutoAugment'),
    dropblock: of(21.87, 'Ghiasi et al., DropBlock'),
    cutmix: of(21.4, CUTMIX),
    puzzlemix: of(21.24, 'Kim et al., Puzzle Mix'),
    saliencymix: of(21.26),
  },
  resnet101: {
    none: of(21.87, CUTMIX),
    'cutout-112': of(20.72, CUTMIX),
    mixup: of(20.52, CUTMIX),
    cutmix: of(20.17, CUTMIX),
    saliencymix: of(20.09),
  },
};

export const table2: Experiment = {
  name: 'table2',
  title: 'Table 2: error on ImageNet',
  summary: 'error on ImageNet by method, also of those that change the network',
  reference: 'SaliencyMix, section 4.2: the lowest error of 300 epochs',
  rows: [
    rows.none,
    rows.cutout112,
    rows.unmixed('stochastic-depth', 'Stochastic Depth 0.5', { stochasticDepth: 0.5 }),
    rows.mixup,
    { name: 'manifold-mixup', title: 'Manifold Mixup', learning: { manifoldMixup: true } },
    rows.unmixed('autoaugment', 'AutoAugment', { autoaugment: 'imagenet' }),
    rows.unmixed('dropblock', 'DropBlock 0.1', { dropBlock: 0.1 }),
    rows.cutmix,
    rows.puzzlemix,
    rows.saliencymix,
  ],
  columns: [byRecipe],
  protocols: imagenetProtocols(['resnet50', 'resnet101'], { others: 1 }),
  paper,
  classes: 1000,
  against: ['cutmix'],
};
