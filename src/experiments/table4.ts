import { SaliencyMixError } from '../errors';
import { robustness } from '../train/robustness/robustness';
import type { Measured } from './measured';

/** In 1/255. The paper does not tell its own; others that attack the same networks have 8. */
const EPSILONS = [1, 2, 4, 8, 16];

export const table4: Measured = {
  name: 'table4',
  title: 'Table 4: accuracy under attack',
  summary: 'accuracy of table 1’s networks under FGSM, and their calibration',
  reference: 'SaliencyMix, table 4: ResNet-50 on ImageNet, with an ε that it does not tell',
  of: 'table1',
  columns: ['clean', ...EPSILONS.map((epsilon) => `ε = ${epsilon}/255`), 'calibration error'],
  async measure({ checkpoint, data, limit, signal }) {
    const { clean, fgsm, calibration } = await robustness({
      model: checkpoint,
      data,
      measures: ['fgsm', 'calibration'],
      epsilons: EPSILONS,
      limit,
      signal,
    });
    if (!fgsm || !calibration)
      throw new SaliencyMixError('MODEL', `${checkpoint} could not be attacked`, { file: checkpoint });
    const accuracies = [clean, ...fgsm].map(({ top1Error }) => 1 - top1Error);
    return [...accuracies, calibration.expectedError];
  },
  paper: {
    title: 'paper, ImageNet',
    values: { none: '8.2', cutout: '11.5', mixup: '24.4', cutmix: '31.0', saliencymix: '32.96' },
  },
};
