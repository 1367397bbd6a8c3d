import type { Experiment } from './experiment';
import { cifarProtocols } from './protocols';
import * as rows from './rows';

const protocols = cifarProtocols(['resnet18'], { paper: { others: 5 }, small: { others: 2 } });
const reference = 'SaliencyMix, section 3.3 and figure 3, whose bars have no numbers';

export const figure3Saliency: Experiment = {
  name: 'figure3-saliency',
  title: 'Figure 3 a: SaliencyMix by its saliency',
  summary: 'error on CIFAR-10 by saliency method',
  reference,
  rows: [rows.cutmix, ...rows.saliencyRows],
  columns: [rows.plain],
  protocols,
  against: [],
};

export const figure3Schemes: Experiment = {
  name: 'figure3-schemes',
  title: 'Figure 3 c: SaliencyMix by its scheme',
  summary: 'error on CIFAR-10 by where the patch is from and where it goes',
  reference,
  rows: [rows.cutmix, ...rows.schemeRows],
  columns: [rows.plain],
  protocols,
  against: [],
};
