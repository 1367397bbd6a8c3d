/** The registry of recipes. A new one: its file in this folder, and one line here. */
import { cifar } from './cifar';
import { cutoutPaper } from './cutout-paper';
import { imagenet } from './imagenet';
import { puzzlemixCifar } from './puzzlemix-cifar';
import type { Recipe } from './recipe';
import { tinyImagenet } from './tiny-imagenet';
import { tinyImagenet64 } from './tiny-imagenet-64';

export { optionsOf, type Recipe } from './recipe';

export const recipes = {
  cifar,
  'tiny-imagenet-64': tinyImagenet64,
  'cutout-paper': cutoutPaper,
  'puzzlemix-cifar': puzzlemixCifar,
  imagenet,
  'tiny-imagenet': tinyImagenet,
} as const satisfies Record<string, Recipe>;

export type RecipeName = keyof typeof recipes;
export const recipeNames = Object.keys(recipes) as RecipeName[];
