/** What the results of an experiment say: for each network, column and row the error over seeds, and differences of pairs. */
import type { Difference, ExperimentSummary, RowSummary, Spread, TableSummary } from '../report/experiment';
import { type Experiment, type PaperTable, recipeOf } from './experiment';
import type { CellResult } from './result';
import { bootstrap, deviation, mean, medianOfLast } from './statistics';

const spread = (values: readonly number[]): Spread => ({ mean: mean(values), deviation: deviation(values) });
const errorsOf = ({ epochs }: CellResult) => epochs.map(({ top1Error }) => top1Error);
const lastOf = (result: CellResult) => errorsOf(result).at(-1) as number;
const secondsOf = ({ epochs }: CellResult) => epochs.reduce((sum, { seconds }) => sum + seconds, 0);

function differenceTo(
  to: string,
  own: readonly CellResult[],
  others: readonly CellResult[],
): Difference | undefined {
  const pairs = own.flatMap((one) => {
    const other = others.find(({ seed }) => seed === one.seed);
    return other ? [lastOf(one) - lastOf(other)] : [];
  });
  if (pairs.length === 0) return undefined;
  return { to, mean: mean(pairs), interval: bootstrap(pairs), seeds: pairs.length };
}

/** The paper's numbers, where the results are on data like its own. */
function paperOf({ paper, classes }: Experiment, results: readonly CellResult[]): PaperTable | undefined {
  const isLike = ({ settings }: CellResult) =>
    classes === undefined || (settings as { classes: readonly string[] }).classes.length === classes;
  return results.every(isLike) ? paper : undefined;
}

/** The results of one experiment and scale as tables. */
export function summaryOf(experiment: Experiment, results: readonly CellResult[]): ExperimentSummary {
  const { name, title, reference, rows, columns, against } = experiment;
  const [{ scale }] = results;
  const paper = paperOf(experiment, results);
  const models = [...new Set(results.map(({ model }) => model))];
  const tables = models.flatMap((model) =>
    columns.flatMap((column): TableSummary[] => {
      const here = results.filter((one) => one.model === model && one.column === column.name);
      const of = (row: string) => here.filter((one) => one.row === row);
      const summaries = rows.flatMap((row): RowSummary[] => {
        const own = of(row.name);
        if (own.length === 0) return [];
        const compared = [...new Set([rows[0].name, ...against])].filter((one) => one !== row.name);
        const epochs = Math.min(...own.map((one) => one.epochs.length));
        return [
          {
            row: row.name,
            title: row.title,
            seeds: own.length,
            last: spread(own.map(lastOf)),
            best: spread(own.map((one) => Math.min(...errorsOf(one)))),
            median: spread(own.map((one) => medianOfLast(errorsOf(one)))),
            differences: compared.flatMap((one) => differenceTo(one, own, of(one)) ?? []),
            seconds: mean(own.map(secondsOf)),
            curve: Array.from({ length: epochs }, (_, i) => mean(own.map((one) => errorsOf(one)[i]))),
            paper: paper?.[model]?.[row.name]?.[column.name],
          },
        ];
      });
      return summaries.length > 0
        ? [{ model, column: column.name, title: column.title, rows: summaries }]
        : [];
    }),
  );
  return {
    name,
    title,
    reference,
    scale,
    recipe: recipeOf(experiment),
    tables,
    seconds: results.reduce((sum, one) => sum + secondsOf(one), 0),
    cells: results.length,
  };
}
