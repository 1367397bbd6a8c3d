/** What `info --model` prints of a network. */
import { createModel, modelNames, type ModelName, models } from '../models/index';
import { parameterCount } from '../models/model';
import { name as checkName } from '../check';
import { learningOptions } from '../train/train-options';

/** The options of the command line that some model has; `stem` is the model's own unless given. */
export const modelOptionNames = Object.keys(learningOptions).filter((name) =>
  modelNames.some((model) => name in models[model].options),
);

const round = (rate: number) => Number(rate.toPrecision(4));

/**
 * A network, described by its options.
 * @throws SaliencyMixError ARGUMENT for an option that it has not
 */
export function describeNetwork(given: string, classes: number, parsed: Record<string, unknown>) {
  const name: ModelName = checkName(given, modelNames, 'model');
  const chosen = modelOptionNames.filter(
    (option) => parsed[option] !== undefined && parsed[option] !== 'auto',
  );
  const options = Object.fromEntries(chosen.map((option) => [option, parsed[option]]));
  const network = createModel(name, { classes, ...options });
  const { stages, survival = new Map(), dropped = new Map() } = network;
  return {
    model: name,
    summary: models[name].summary,
    reference: models[name].reference,
    parameters: parameterCount(network),
    stages,
    survival: Object.fromEntries([...survival].map(([block, rate]) => [block, round(rate)])),
    dropped: Object.fromEntries([...dropped].map(([place, rate]) => [place, round(rate)])),
  };
}

export function printNetwork({
  model,
  summary,
  reference,
  parameters,
  stages,
  survival,
  dropped,
}: ReturnType<typeof describeNetwork>): void {
  const line = (key: string, value: string) => console.log(`${key.padEnd(12)} ${value}`);
  line('model', `${model}: ${summary}`);
  line('source', reference);
  line('parameters', parameters.toLocaleString('en'));
  line('stages', stages.join(', '));
  const list = (key: string, rates: Record<string, number>) => {
    if (Object.keys(rates).length === 0) return;
    console.log(key);
    for (const [place, rate] of Object.entries(rates)) console.log(`  ${place.padEnd(26)} ${rate}`);
  };
  list('survival: the chance of each block to stay in a step', survival);
  list('DropBlock: the share that is asked to be dropped at the end of a run', dropped);
}
