/** The measures of robustness. A new one is a file of the form of measure.ts, and a line here. */
import { calibration } from './calibration';
import { fgsm } from './fgsm';
import { occlusion } from './occlusion';
import { pgd } from './pgd';

/** In the order in which they are shown. */
export const measures = { calibration, fgsm, pgd, occlusion };

export type MeasureName = keyof typeof measures;
export const measureNames = Object.keys(measures) as MeasureName[];

/** The options of all of them. */
export const measureOptions = {
  ...calibration.options,
  ...fgsm.options,
  ...pgd.options,
  ...occlusion.options,
};

/** What each gives. */
export type MeasureResults = {
  [Name in MeasureName]: ReturnType<(typeof measures)[Name]['begin']>['result'];
};
