/** The registry of experiments. A new one: its file in this folder, and one line here. */
import type { Experiment } from './experiment';
import { figure3Saliency, figure3Schemes } from './figure3';
import { figure4 } from './figure4';
import { labels } from './labels';
import type { Measured } from './measured';
import type { OwnExperiment } from './own';
import { table1, table1Cifar100 } from './table1';
import { table2 } from './table2';
import { table3 } from './table3';
import { table4 } from './table4';
import { table5 } from './table5';

export const experiments = {
  table1,
  'table1-cifar100': table1Cifar100,
  table2,
  'figure3-saliency': figure3Saliency,
  'figure3-schemes': figure3Schemes,
} as const satisfies Record<string, Experiment>;

/** Those on the networks of another one. */
export const measuredExperiments = { table4 } as const satisfies Record<string, Measured>;

/** Those of a kind of their own. */
export const ownExperiments = { table3, table5, figure4, labels } as const satisfies Record<
  string,
  OwnExperiment
>;

export type MeasuredName = keyof typeof measuredExperiments;
export const measuredNames = Object.keys(measuredExperiments) as MeasuredName[];

export type ExperimentName = keyof typeof experiments;
export const experimentNames = Object.keys(experiments) as ExperimentName[];

export type OwnName = keyof typeof ownExperiments;
export const ownNames = Object.keys(ownExperiments) as OwnName[];

/** Of all experiments, by name. */
export const experimentList: readonly (readonly [name: string, summary: string])[] = Object.entries({
  ...experiments,
  ...measuredExperiments,
  ...ownExperiments,
})
  .map(([name, { summary }]) => [name, summary] as const)
  .toSorted(([a], [b]) => a.localeCompare(b));
