import type { PaperValue } from '../report/experiment';
import type { Experiment, PaperTable } from './experiment';
import { cifarProtocols } from './protocols';
import * as rows from './rows';

const of = (error: number, deviation: number): PaperValue => ({ error, deviation });
const values = (plain: PaperValue, augmented: PaperValue) => ({ plain, augmented });

/** CIFAR-10, top-1 error in percent over five runs. */
const paper: PaperTable = {
  resnet18: {
    none: values(of(10.63, 0.26), of(4.72, 0.21)),
    cutout: values(of(9.31, 0.18), of(3.99, 0.13)),
    cutmix: values(of(9.44, 0.34), of(3.78, 0.12)),
    saliencymix: values(of(7.59, 0.22), of(3.65, 0.1)),
  },
  resnet50: {
    none: values(of(12.14, 0.95), of(4.98, 0.14)),
    cutout: values(of(8.84, 0.77), of(3.86, 0.25)),
    cutmix: values(of(9.16, 0.38), of(3.61, 0.13)),
    saliencymix: values(of(6.81, 0.3), of(3.46, 0.08)),
  },
  wrn: {
    none: values(of(6.97, 0.22), of(3.87, 0.08)),
    cutout: values(of(5.54, 0.08), of(3.08, 0.16)),
    cutmix: values(of(5.18, 0.2), of(2.87, 0.16)),
    saliencymix: values(of(4.04, 0.13), of(2.76, 0.07)),
  },
};

export const table1: Experiment = {
  name: 'table1',
  title: 'Table 1: error on CIFAR-10',
  summary: 'error on CIFAR-10 by method, without and with crop and flip',
  reference:
    'SaliencyMix, section 4.1; its rows of the baseline, Cutout and CutMix are those of the same networks',
  rows: [
    rows.none,
    rows.cutout,
    rows.mixup,
    rows.cutmix,
    rows.resizemix,
    rows.guidedmixup,
    rows.saliencymix,
    rows.bySaliency,
    rows.released,
  ],
  columns: [rows.plain, rows.augmented],
  protocols: cifarProtocols(['resnet18', 'resnet50', 'wrn'], {
    paper: { others: 5 },
    small: { none: 3, cutmix: 3, saliencymix: 3, 'released-exact': 3, others: 1 },
  }),
  paper,
  against: ['cutmix'],
  variants: { 'tiny-imagenet-64': { title: 'Table 1’s methods on Tiny-ImageNet' } },
};
