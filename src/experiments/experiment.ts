/**
 * What an experiment is: rows (methods), columns (how the data is used) and what the paper says, as plain data. Each combination
 * with a network and a seed is a cell: one training run.
 */
import type { MixerOptions } from '../mix/options';
import type { PaperValue } from '../report/experiment';
import type { SingleOptions } from '../train/learning-options';
import { type RecipeName, recipes } from '../train/recipes';

/** Options of a run that a row or a column sets. */
export interface Choice {
  learning?: SingleOptions;
  mixer?: Omit<MixerOptions, 'seed' | 'threads' | 'classes' | 'mean' | 'std'>;
}

/** A line of a table: a method, or one of its settings. */
export interface Row extends Choice {
  readonly name: string;
  readonly title: string;
  /** By which it can be asked for, too: the setting that it is, where another experiment has it under a method's name. */
  readonly alias?: string;
  /** The networks that the paper has it for: on others it is trained where it is asked for by name. */
  readonly only?: readonly string[];
}

export interface Column extends Choice {
  readonly name: string;
  readonly title: string;
}

/** How much is trained: networks, epochs, data, and how often. */
export interface Protocol {
  readonly recipe: RecipeName;
  readonly models: readonly string[];
  /** Options of the networks, by their names. */
  readonly learning: SingleOptions;
  /** Options of one of the networks. */
  readonly ofModel?: Readonly<Record<string, SingleOptions>>;
  readonly perClass?: number;
  /** Side of the images; their own unless given. */
  readonly size?: number;
  /** Of each row; those that are not named have the number of `others`. */
  readonly seeds: Readonly<Record<string, number>> & { readonly others: number };
}

export const scales = ['paper', 'small', 'tiny'] as const;
export type Scale = (typeof scales)[number];

/** Values of a paper by network, row and column. */
export type PaperTable = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, PaperValue>>>>>
>;

/** What is other of an experiment with another recipe than its own. */
export interface Variant {
  readonly title: string;
  readonly columns?: readonly Column[];
  readonly protocols?: Readonly<Partial<Record<Scale, Partial<Protocol>>>>;
}

export interface Experiment {
  readonly name: string;
  /** As the table's heading. */
  readonly title: string;
  readonly summary: string;
  readonly reference: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column[];
  readonly protocols: Readonly<Record<Scale, Protocol>>;
  readonly paper?: PaperTable;
  /** Classes of the data that the paper's numbers are of: beside results on other data they are not shown. */
  readonly classes?: number;
  /** The row that others are compared with, besides the first. */
  readonly against: readonly string[];
  /** With other recipes; one that is not named changes nothing but the recipe. */
  readonly variants?: Readonly<Partial<Record<RecipeName, Variant>>>;
}

/** The recipe that all scales of an experiment have unless another one is asked for. */
export const recipeOf = ({ protocols }: Experiment): RecipeName => protocols.paper.recipe;

/** Of recipes that change images in other ways than crop and flip. */
export const byRecipe: Column = { name: 'recipe', title: 'by the recipe', learning: {} };

/** The experiment with another recipe, so on other data: the paper's numbers are not of it. */
export function withRecipe(experiment: Experiment, recipe = recipeOf(experiment)): Experiment {
  if (recipe === recipeOf(experiment)) return experiment;
  const { title, protocols } = experiment;
  // Without crop and flip a recipe with boxes of any size and other colours still changes images.
  const columns = recipes[recipe].learning.resizedCrop === true ? [byRecipe] : experiment.columns;
  const variant: Variant = experiment.variants?.[recipe] ?? { title: `${title}, recipe ${recipe}` };
  const changed = scales.map((scale) => [
    scale,
    { ...protocols[scale], ...variant.protocols?.[scale], recipe },
  ]);
  return {
    ...experiment,
    columns,
    ...variant,
    protocols: Object.fromEntries(changed) as Experiment['protocols'],
    paper: undefined,
  };
}
