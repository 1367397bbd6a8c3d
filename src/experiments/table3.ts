import { SaliencyMixError } from '../errors';
import type { OwnExperiment } from './own';

const WHY =
  'table3 cannot be run: it takes Faster R-CNN, trained on VOC07+12 from networks that were trained on ImageNet, and training of detectors is not part of this version';

export const table3: OwnExperiment = {
  name: 'table3',
  summary: 'detection on VOC; not part of this version, since it takes training of detectors',
  run: () => Promise.reject(new SaliencyMixError('ARGUMENT', WHY, { argument: 'experiment' })),
};
