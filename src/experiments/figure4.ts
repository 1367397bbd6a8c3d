import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { percent } from '../report/figures';
import { textTable } from '../report/table';
import { writeWhole, writing } from '../run/files';
import { type BesidePair, camsBeside } from '../train/cam-beside';
import { CHECKPOINT } from '../train/train';
import { parseTraining } from '../train/train-settings';
import { type Cell, cellsOf } from './cells';
import { withRecipe } from './experiment';
import { trainedCells } from './measured';
import { type OwnExperiment, type OwnOptions, type OwnResult, partsDone } from './own';
import { table1 } from './table1';

/** The columns of the paper's figure. */
const METHODS = ['none', 'cutout', 'mixup', 'cutmix', 'saliencymix'];

interface Picture {
  model: string;
  column: string;
  /** The column in words. */
  trained: string;
  /** Its name in the folder of the run. */
  file: string;
  pairs: BesidePair[];
}

/** Of each method the network of its first seed, in the order of the rows. */
const firstOfEach = (cells: readonly Cell[]): Cell[] => [
  ...new Map(cells.toReversed().map((cell) => [cell.row, cell])).values(),
];

/** What each network says of the classes of each pair, in the order of the picture. */
function textOf({ model, trained, pairs }: Picture): string {
  const tables = pairs.map(({ target, source, networks }) => {
    const lines = networks.map(({ title, lambda, maps }) => [
      title,
      lambda.toFixed(2),
      ...maps.map(({ probability }) => percent(probability, 1)),
    ]);
    return textTable([['method', 'λ', target.class, source.class], ...lines]);
  });
  return [`Figure 4: ${model}, trained ${trained}`, ...tables].join('\n\n');
}

async function run(options: OwnOptions): Promise<OwnResult> {
  const { out, data, pairs, seed, threads, signal, methods = METHODS } = options;
  const experiment = withRecipe(table1, options.recipe);
  const cells = await trainedCells(cellsOf(experiment, { ...options, methods }), out, table1.name);
  await writing(out, () => mkdir(out, { recursive: true }));
  const kinds = [...new Set(cells.map(({ model, column }) => `${model} ${column}`))];
  const found: Picture[] = [];
  let done = 0;
  for (const kind of kinds) {
    const own = firstOfEach(cells.filter(({ model, column }) => `${model} ${column}` === kind)).toSorted(
      (a, b) => methods.indexOf(a.row) - methods.indexOf(b.row),
    );
    const [{ model, column: name }] = own;
    const trained = experiment.columns.find((one) => one.name === name)?.title ?? name;
    const networks = own.map((cell) => ({
      title: experiment.rows.find((row) => row.name === cell.row)?.title ?? cell.row,
      checkpoint: join(out, cell.id, CHECKPOINT),
      mixer: parseTraining({ ...cell.options, out }).mixer,
    }));
    const onPart = () => partsDone(options, ++done, 2 * methods.length * kinds.length);
    const title = `Figure 4: ${model}, trained ${trained}`;
    const { png, pairs: seen } = await camsBeside({
      networks,
      data,
      pairs,
      seed,
      title,
      threads,
      signal,
      onPart,
    });
    const file = `figure4-${model}-${name}.png`;
    await writeWhole(join(out, file), png);
    found.push({ model, column: name, trained, file, pairs: seen });
  }
  const files = found.map(({ file }) => join(out, file));
  return { text: found.map(textOf).join('\n\n'), files, found };
}

export const figure4: OwnExperiment = {
  name: 'figure4',
  summary: 'pictures of where table 1’s networks see the classes of mixed images (class activation maps)',
  run,
};
