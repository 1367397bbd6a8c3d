/** The cells of an experiment: one training run each, with a name that changes where its settings do. */
import { createHash } from 'node:crypto';
import * as check from '../check';
import type { OpenOptions } from '../data/datasets/format';
import { optionsOf, type Recipe, type RecipeName, recipes } from '../train/recipes';
import type { TrainOptions } from '../train/train-options';
import type { Experiment, Row, Scale } from './experiment';

export interface Cell {
  /** Name of its folder. */
  readonly id: string;
  readonly model: string;
  readonly row: string;
  readonly column: string;
  readonly seed: number;
  /** Of its training run, but for the folder that it writes to. */
  readonly options: Omit<TrainOptions, 'out' | 'signal' | 'onProgress' | 'onData' | 'onWarning'>;
}

/** What is run of an experiment; all of it unless given. */
export interface Selection {
  models?: readonly string[];
  methods?: readonly string[];
  /** Of each row. */
  seeds?: number;
}

function chosen(
  all: readonly string[],
  some: readonly string[] | undefined,
  argument: string,
): readonly string[] {
  if (some === undefined) return all;
  if (new Set(some).size < some.length) throw check.invalid(argument, 'names, each once', some);
  return some.map((one) => check.name(one, all, argument));
}

/** The names of rows that are asked for by name or alias. */
export function chosenRows(rows: readonly Row[], some: readonly string[] | undefined): readonly string[] {
  const names = rows.map(({ name }) => name);
  const named = rows.flatMap(({ alias, name }) => (alias === undefined ? [name] : [alias, name]));
  const asked = some?.map((one) => {
    const known = check.name(one, named, 'methods');
    return rows.find(({ alias }) => alias === known)?.name ?? known;
  });
  return chosen(names, asked, 'methods');
}

/**
 * The name of a cell's folder: what it is, and a digest of all its settings but where the data lies, which is compared by what it holds
 * (run.ts). Of its recipe the numbers count.
 */
function idOf(parts: readonly (string | number)[], { data, ...settings }: Cell['options']): string {
  const { path: _, ...read } = data as OpenOptions;
  const { recipe: name, epochs } = settings;
  const recipe: Recipe | undefined = name && recipes[name];
  const of = {
    settings,
    read,
    recipe: recipe && [optionsOf(recipe, epochs), recipe.mixer, ...(recipe.size ? [recipe.size] : [])],
  };
  const digest = createHash('sha256').update(JSON.stringify(of)).digest('hex').slice(0, 8);
  return [...parts, digest].join('_');
}

/** Which samples are mixed is the recipe's to say, also with a preset of options, whose 0.5 is CIFAR's. */
function probabilityBeside(preset: string | undefined, recipe: RecipeName): { probability?: number } {
  const { probability } = recipes[recipe].mixer;
  return preset === undefined || probability === undefined || probability === 0.5 ? {} : { probability };
}

/**
 * The cells of an experiment, those of one seed together: what is compared is trained side by side.
 * @throws SaliencyMixError ARGUMENT for a model or a row that it has not
 */
export function cellsOf(
  { rows, columns, protocols }: Experiment,
  { scale, data, models, methods, seeds }: Selection & { scale: Scale; data: OpenOptions },
): Cell[] {
  const { recipe, models: all, learning, ofModel, perClass, size, seeds: seedsOf } = protocols[scale];
  const names = chosenRows(rows, methods);
  const isOf = ({ name, only }: Row, model: string) =>
    names.includes(name) && (methods !== undefined || !only || only.includes(model));
  const most = seeds ?? Math.max(...Object.values(seedsOf));
  const cells: Cell[] = [];
  for (const model of chosen(all, models, 'models')) {
    for (let seed = 0; seed < most; seed++) {
      for (const column of columns) {
        for (const row of rows) {
          if (!isOf(row, model) || seed >= (seeds ?? seedsOf[row.name] ?? seedsOf.others)) continue;
          const options = {
            data,
            recipe,
            perClass,
            size,
            ...learning,
            ...ofModel?.[model],
            ...column.learning,
            ...row.learning,
            model,
            seed,
            threads: 1,
            mixer: { ...column.mixer, ...row.mixer, ...probabilityBeside(row.mixer?.preset, recipe) },
          } as Cell['options'];
          const parts = [model, row.name, column.name, seed];
          cells.push({ id: idOf(parts, options), model, row: row.name, column: column.name, seed, options });
        }
      }
    }
  }
  return cells;
}
