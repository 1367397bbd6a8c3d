/** What a recipe is: the options of a run that a paper trained with. What a user gives goes before them. */
import type { MixerOptions } from '../../mix/options';
import type { SingleOptions } from '../learning-options';

export interface Recipe {
  readonly name: string;
  /** One line for help texts and tables. */
  readonly summary: string;
  /** The paper or the code that it is from. */
  readonly reference: string;
  /** With milestones in epochs of the recipe: fewer or more epochs move them. */
  readonly learning: SingleOptions & { readonly epochs: number };
  /** Pixels of a side of the images; their own, as for every run, where there is none. */
  readonly size?: number;
  readonly mixer: Pick<MixerOptions, 'method' | 'probability' | 'alpha' | 'length' | 'fill'>;
}

/** The options of a recipe for a number of epochs; the recipe's own unless given. */
export function optionsOf({ learning }: Recipe, epochs = learning.epochs): SingleOptions {
  const scaled = learning.milestones?.map((at) => (at * epochs) / learning.epochs);
  return { ...learning, epochs, ...(scaled && { milestones: scaled }) };
}
