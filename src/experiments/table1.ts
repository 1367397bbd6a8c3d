import type { PaperValue } from '../report/experiment';
import type { Experiment, PaperTable, Row } from './experiment';
import { cifarProtocols } from './protocols';
import * as rows from './rows';

/** Rows that the paper has from others: the numbers are those of Cutout's paper (arXiv:1708.04552, table 1). */
const CUTOUT = 'DeVries & Taylor';

const of = (error: number, deviation: number, by?: string): PaperValue => ({
  error,
  deviation,
  ...(by !== undefined && { by }),
});
const values = (plain: PaperValue, augmented: PaperValue) => ({ plain, augmented });

/** The paper has both for the wide network alone, and from their authors. */
const only = ['wrn'];
/** The policy of the authors' code, which ends with Cutout of 16 pixels; on CIFAR-100, too. */
const autoaugment: Row = {
  ...rows.unmixed('autoaugment', 'AutoAugment', { autoaugment: 'cifar10/official' }),
  only,
};
const puzzlemix: Row = { ...rows.puzzlemix, only };
const AUTOAUGMENT = 'Cubuk et al., AutoAugment';

/** Top-1 error in percent over five runs. */
const cifar10: PaperTable = {
  resnet18: {
    none: values(of(10.63, 0.26, CUTOUT), of(4.72, 0.21, CUTOUT)),
    cutout: values(of(9.31, 0.18, CUTOUT), of(3.99, 0.13, CUTOUT)),
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
    none: values(of(6.97, 0.22, CUTOUT), of(3.87, 0.08, CUTOUT)),
    cutout: values(of(5.54, 0.08, CUTOUT), of(3.08, 0.16, CUTOUT)),
    autoaugment: { augmented: of(2.6, 0.1, AUTOAUGMENT) },
    cutmix: values(of(5.18, 0.2), of(2.87, 0.16)),
    saliencymix: values(of(4.04, 0.13), of(2.76, 0.07)),
  },
};

const cifar100: PaperTable = {
  resnet18: {
    none: values(of(36.68, 0.57, CUTOUT), of(22.46, 0.31, CUTOUT)),
    'cutout-8': values(of(34.98, 0.29, CUTOUT), of(21.96, 0.24, CUTOUT)),
    cutmix: values(of(34.42, 0.27), of(19.42, 0.23)),
    saliencymix: values(of(28.73, 0.13), of(19.29, 0.21)),
  },
  resnet50: {
    none: values(of(36.48, 0.5), of(21.58, 0.43)),
    'cutout-8': values(of(32.97, 0.74), of(21.38, 0.69)),
    cutmix: values(of(31.65, 0.61), of(18.72, 0.23)),
    saliencymix: values(of(24.89, 0.39), of(18.57, 0.29)),
  },
  wrn: {
    none: values(of(26.06, 0.22, CUTOUT), of(18.8, 0.08, CUTOUT)),
    'cutout-8': values(of(23.94, 0.15, CUTOUT), of(18.41, 0.27, CUTOUT)),
    autoaugment: { augmented: of(17.1, 0.3, AUTOAUGMENT) },
    puzzlemix: { augmented: { error: 16.23, by: 'Kim et al., Puzzle Mix' } },
    cutmix: values(of(23.21, 0.2), of(16.66, 0.2)),
    saliencymix: values(of(19.45, 0.32), of(16.56, 0.17)),
  },
};

const REFERENCE =
  'SaliencyMix, section 4.1, whose code reports the lowest error of all epochs; rows by others are from their own table';

export const table1: Experiment = {
  name: 'table1',
  title: 'Table 1: error on CIFAR-10',
  summary: 'error on CIFAR-10 by method, without and with crop and flip',
  reference: REFERENCE,
  rows: [
    rows.none,
    rows.cutout,
    autoaugment,
    rows.mixup,
    rows.cutmix,
    rows.resizemix,
    rows.guidedmixup,
    puzzlemix,
    rows.saliencymix,
    rows.bySaliency,
    rows.released,
  ],
  columns: [rows.plain, rows.augmented],
  protocols: cifarProtocols(['resnet18', 'resnet50', 'wrn'], {
    paper: { others: 5 },
    small: { none: 3, cutmix: 3, saliencymix: 3, 'released-exact': 3, others: 1 },
  }),
  paper: cifar10,
  classes: 10,
  against: ['cutmix'],
  variants: { 'tiny-imagenet-64': { title: 'Table 1’s methods on Tiny-ImageNet' } },
};

/** The squares of Cutout are of 8 pixels there. */
export const table1Cifar100: Experiment = {
  ...table1,
  name: 'table1-cifar100',
  title: 'Table 1: error on CIFAR-100',
  summary: 'the same on CIFAR-100',
  rows: table1.rows.map((row) => (row === rows.cutout ? rows.cutout8 : row)),
  paper: cifar100,
  classes: 100,
};
