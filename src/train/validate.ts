/** Checks of models and of tensors that should be a model's parameters. */
import { types } from 'node:util';
import * as check from '../check';
import { reasonOf, SaliencyMixError } from '../errors';
import { Graph, sameShape, sizeOf, type Value } from '../graph/graph';
import { createModel, modelNames, type ModelOptions } from '../models/index';
import { logitsOf, type Model } from '../models/model';
import { Net } from '../models/net';
import { type CheckpointInfo, ofAnotherVersion } from './checkpoint';
import { parseTrainer, type TrainerSettings } from './options';
import type { Tensor } from './safetensors';

/**
 * Checks that a value is a model, and that it gives n × classes logits for images of a size.
 * @throws SaliencyMixError ARGUMENT, MODEL
 */
export function checkClassifier(value: unknown, image: readonly [number, number]): void {
  const given = value as Partial<Model> | null | undefined;
  const isModel =
    typeof given?.build === 'function' && Array.isArray(given.parameters) && Array.isArray(given.stages);
  if (!isModel) throw check.invalid('model', 'a model, as createModel or defineModel gives', value);
  const model = value as Model;
  const { name, classes } = model;
  check.integer(classes, 'model.classes', 1);
  const graph = new Graph();
  const count = 2;
  const images = graph.input('images', [count, 3, ...image]);
  const logits = logitsOf(model, new Net(graph, 'evaluate'), images) as Value | undefined;
  const shape = logits?.shape ?? [];
  if (sameShape(shape, [count, classes])) return;
  const got = logits ? `[${shape.join(', ')}] for ${count} images` : 'nothing';
  throw new SaliencyMixError('MODEL', `The model ${name} must give n × ${classes} logits, but gives ${got}`);
}

function checkTensor(name: string, tensor: unknown, shape: readonly number[]): void {
  const { data, shape: given } = (tensor ?? {}) as Partial<Tensor>;
  const [argument, expected] = [`parameters["${name}"]`, `[${shape.join(', ')}]`];
  if (!Array.isArray(given) || !sameShape(given, shape))
    throw check.invalid(`${argument}.shape`, `the shape ${expected}`, given);
  const size = sizeOf(shape);
  if (!types.isFloat32Array(data) || data.length !== size)
    throw check.invalid(`${argument}.data`, `a Float32Array of ${size} values`, data);
  if (!data.every(Number.isFinite)) throw check.invalid(`${argument}.data`, 'finite values', NaN);
}

/** @throws SaliencyMixError ARGUMENT for a name that is missing or unknown, another shape, or a value that is not finite */
export function checkParameters(parameters: ReadonlyMap<string, unknown>, model: Model): void {
  if (!types.isMap(parameters)) throw check.invalid('parameters', 'a Map of tensors by name', parameters);
  for (const { name, shape } of model.parameters) {
    if (!parameters.has(name))
      throw check.invalid('parameters', `"${name}" of ${model.name} among the names`, parameters);
    checkTensor(name, parameters.get(name), shape);
  }
  const known = new Set(model.parameters.map(({ name }) => name));
  const other = [...parameters.keys()].find((name) => !known.has(name));
  if (other !== undefined) throw check.invalid('parameters', `names of ${model.name} only`, other);
}

/**
 * The settings of a checkpoint's trainer.
 * @throws SaliencyMixError CHECKPOINT
 */
export function savedSettings(path: string, trainer: unknown): TrainerSettings {
  try {
    return parseTrainer(trainer);
  } catch (error) {
    throw ofAnotherVersion(path, `its trainer cannot be made here: ${reasonOf(error)}`, error);
  }
}

/**
 * The model of a checkpoint: made from its name and options, or the `given` one if it has the same name and
 * options.
 * @throws SaliencyMixError CHECKPOINT
 */
export function savedModel(
  path: string,
  { model: saved }: Pick<CheckpointInfo, 'model'>,
  given?: Model,
): Model {
  const fault = (what: string, cause?: unknown) =>
    new SaliencyMixError('CHECKPOINT', `${path} ${what}`, { file: path, cause });
  const described = ({ name, options }: { name: string; options: object }) =>
    `${name} ${JSON.stringify(options)}`;
  if (given && described(given) !== described(saved) && described(given) !== described(completed(saved)))
    throw fault(`is a checkpoint of ${described(saved)}, not of ${described(given)}`);
  if (!given && !(modelNames as string[]).includes(saved.name)) {
    const advice = 'give it: Trainer.resume(path, { model }); evaluate takes its exported ONNX model';
    throw fault(`is a checkpoint of ${described(saved)}, a model from outside this package; ${advice}`);
  }
  try {
    return given ?? createModel(saved.name, saved.options as unknown as ModelOptions);
  } catch (error) {
    throw fault(
      `is a checkpoint of a model that cannot be made here (${described(saved)}): ${reasonOf(error)}`,
      error,
    );
  }
}

/** The model of a checkpoint with the options that it had not yet when the checkpoint was saved. */
function completed(saved: CheckpointInfo['model']): CheckpointInfo['model'] {
  try {
    return createModel(saved.name, saved.options as unknown as ModelOptions);
  } catch {
    return saved;
  }
}

/**
 * Checks that a checkpoint has exactly the tensors that are needed. They may differ although name and options
 * are the same, where a model from outside this package was changed after the checkpoint was saved.
 * @throws SaliencyMixError CHECKPOINT
 */
export function checkTensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  needed: readonly { name: string; shape: readonly number[] }[],
): void {
  const wrong = needed.find(({ name, shape }) => !sameShape(tensors.get(name)?.shape ?? [NaN], shape));
  if (wrong === undefined && tensors.size === needed.length) return;
  const what = wrong ? `${wrong.name} of shape [${wrong.shape.join(', ')}]` : 'those tensors only';
  throw new SaliencyMixError('CHECKPOINT', `${path} is a checkpoint of another model: it must hold ${what}`, {
    file: path,
  });
}
