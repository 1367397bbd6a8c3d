/** The registry of experiments. A new one: its file in this folder, and one line here. */
import type { Experiment } from './experiment';
import { figure3Saliency, figure3Schemes } from './figure3';
import type { Measured } from './measured';
import { table1, table1Cifar100 } from './table1';
import { table2 } from './table2';
import { table4 } from './table4';

export const experiments = {
  table1,
  'table1-cifar100': table1Cifar100,
  table2,
  'figure3-saliency': figure3Saliency,
  'figure3-schemes': figure3Schemes,
} as const satisfies Record<string, Experiment>;

/** Those on the networks of another one. */
export const measuredExperiments = { table4 } as const satisfies Record<string, Measured>;

export type MeasuredName = keyof typeof measuredExperiments;
export const measuredNames = Object.keys(measuredExperiments) as MeasuredName[];

export type ExperimentName = keyof typeof experiments;
export const experimentNames = Object.keys(experiments) as ExperimentName[];
