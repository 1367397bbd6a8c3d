/** The registry of experiments. A new one: its file in this folder, and one line here. */
import type { Experiment } from './experiment';
import { figure3Saliency, figure3Schemes } from './figure3';
import { table1 } from './table1';

export const experiments = {
  table1,
  'figure3-saliency': figure3Saliency,
  'figure3-schemes': figure3Schemes,
} as const satisfies Record<string, Experiment>;

export type ExperimentName = keyof typeof experiments;
export const experimentNames = Object.keys(experiments) as ExperimentName[];
