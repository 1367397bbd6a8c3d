import type { Experiment, Variant } from './experiment';
import { cifarProtocols } from './protocols';
import * as rows from './rows';

const protocols = cifarProtocols(['resnet18'], { paper: { others: 5 }, small: { others: 2 } });
const reference = 'SaliencyMix, section 3.3 and figure 3, whose bars have no numbers';

/**
 * On Tiny-ImageNet, enlarged to 224 pixels as the released code has it, or at its own 64: ResNet-50, three runs. The columns of
 * CIFAR are of the paper's tables; of Tiny-ImageNet it has none without crop and flip, so the recipe's own are taken.
 */
function onTiny(title: string): Experiment['variants'] {
  const variant = (on: string): Variant => ({
    title: `${title}, on ${on}`,
    columns: [rows.augmented],
    protocols: { paper: { models: ['resnet50'], seeds: { others: 3 } } },
  });
  return {
    'tiny-imagenet': variant('Tiny-ImageNet at 224 pixels'),
    'tiny-imagenet-64': variant('Tiny-ImageNet'),
  };
}

export const figure3Saliency: Experiment = {
  name: 'figure3-saliency',
  title: 'Figure 3 a: SaliencyMix by its saliency',
  summary: 'error by saliency method on CIFAR-10, or with --recipe tiny-imagenet-64 on Tiny-ImageNet',
  reference,
  rows: [rows.cutmix, ...rows.saliencyRows],
  columns: [rows.plain],
  protocols,
  against: [],
  variants: onTiny('Figure 3 b: SaliencyMix by its saliency'),
};

export const figure3Schemes: Experiment = {
  name: 'figure3-schemes',
  title: 'Figure 3 c: SaliencyMix by its scheme',
  summary:
    'error by where the patch is from and where it goes, on CIFAR-10, or with the same recipe on Tiny-ImageNet',
  reference,
  rows: [rows.cutmix, ...rows.schemeRows],
  columns: [rows.plain],
  protocols,
  against: [],
  variants: onTiny('Figure 3 d: SaliencyMix by its scheme'),
};
