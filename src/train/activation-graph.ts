/**
 * The graph of class activation maps, which say where in an image a network sees a class. CAM: Zhou et al., "Learning deep
 * features for discriminative localization", CVPR 2016. Grad-CAM: Selvaraju et al., ICCV 2017.
 */
import { SaliencyMixError } from '../errors';
import { backward } from '../graph/backward';
import { gradients } from '../graph/gradients';
import { type Graph, shapeError, type Value } from '../graph/graph';
import { nchw } from '../graph/lowering/layouts';
import { convolutionWeights, type Lowered, lower } from '../graph/lowering/lower';
import { nativeGradients } from '../graph/lowering/native-gradients';
import { encodeModel } from '../graph/onnx';
import { gemm, mul, reduceMean, reduceSum, reshape } from '../graph/ops';
import type { Model } from '../models/model';
import { INPUT_STAGE, type Net } from '../models/net';
import { pooledEnd } from '../models/pooled-end';
import { version } from '../run/environment';
import { type BatchShape, build, type GraphForm, isOfOnnx, type TrainerGraph } from './graphs';

export const activationMethods = ['cam', 'grad-cam'] as const;
export type ActivationMethod = (typeof activationMethods)[number];

/** Which maps, and at which stage of the model; at its last features unless given. */
export interface ActivationKind {
  method: ActivationMethod;
  stage?: string;
}

/** Input: for each image a row with a 1 for its class, 0 for the others. */
export const PICKS = 'activation/picks';
/** Output: n × h × w, as large as the features. */
export const MAPS = 'activation/maps';

/**
 * CAM: for the class c of an image, map(y, x) = sum over channels k of weights[c][k] · features[k](y, x). Its mean plus the bias
 * of c is the logit.
 */
function camOf({ name }: Model, logits: Value, picks: Value): Value {
  const end = pooledEnd(logits);
  if (!end) {
    const what = `The model ${name} does not end in the mean of each channel and one linear layer, which CAM is made of`;
    throw new SaliencyMixError('MODEL', `${what}: Grad-CAM (method "grad-cam") takes any end`, {
      argument: 'method',
    });
  }
  const { features, weights, isByClass } = end;
  const [count, channels] = features.shape;
  const own = gemm(picks, weights, undefined, { transB: !isByClass });
  return reduceSum(mul(features, reshape(own, [count, channels, 1, 1])), [1]);
}

/** The features that Grad-CAM weights: those of a stage; unless named those that are pooled at the end, else of the last stage. */
function featuresOf({ name }: Model, net: Net, logits: Value, stage: string | undefined): Value {
  const last = net.stages.filter((one) => one !== INPUT_STAGE).at(-1);
  const found =
    stage === undefined
      ? (pooledEnd(logits)?.features ?? net.stageValues.get(last ?? ''))
      : net.stageValues.get(stage);
  if (!found) {
    const what = `The model ${name} names no stage whose features could be shown`;
    throw new SaliencyMixError('MODEL', `${what}: name one where it is built, net.stage(name, x)`);
  }
  if (found.shape.length === 4 && found.shape[0] === logits.shape[0]) return found;
  throw shapeError('Grad-CAM', 'a stage must give n × channels × height × width', found);
}

/** A plain graph in a trainer's form, with the gradient table for it. `kept` are the values that will be asked for. */
function inForm(
  graph: Graph,
  kept: readonly Value[],
  form: GraphForm,
): Pick<Lowered, 'graph' | 'of' | 'made'> & { rules: typeof gradients } {
  if (isOfOnnx(form)) {
    const made = (value: Value) => ({ value, isLast: false });
    return { graph, of: (value) => value, made, rules: gradients };
  }
  const keptLast = form === 'cuda' ? new Set<string>() : convolutionWeights(graph);
  const lowered = lower(graph, { kept, keptLast, maskNumbers: new Map(), convolution: form });
  return { ...lowered, rules: nativeGradients };
}

interface Plain {
  model: Model;
  net: Net;
  logits: Value;
  picks: Value;
}

/** The maps, n × 1 × h × w, and the logits. */
interface Made {
  graph: Graph;
  maps: Value;
  logits: Value;
}

function cam({ model, logits, picks }: Plain, form: GraphForm): Made {
  const maps = camOf(model, logits, picks);
  const { graph, of } = inForm(maps.graph, [logits, maps], form);
  return { graph, maps: of(maps), logits: of(logits) };
}

/** The mean over positions of a logit's gradient by the features weights their channels. */
function gradCam({ model, net, logits, picks }: Plain, stage: string | undefined, form: GraphForm): Made {
  const features = featuresOf(model, net, logits, stage);
  // No image's logits depend on another image, so the gradient of their sum is that of each.
  const sum = reduceSum(mul(logits, picks), [0, 1], false);
  const { graph, of, made, rules } = inForm(sum.graph, [logits, features, sum], form);
  const { value, isLast } = made(features);
  const [slope] = backward(of(sum), [value], rules);
  const weights = reduceMean(isLast ? nchw(slope) : slope, [2, 3]);
  return { graph, maps: reduceSum(mul(of(features), weights), [1]), logits: of(logits) };
}

/** A graph of the class activation maps of a batch in evaluation mode, and its logits. Those of Grad-CAM have negative values, too. */
export function activationGraph(
  model: Model,
  shape: BatchShape,
  { method, stage }: ActivationKind,
  form: GraphForm = 'plain',
): TrainerGraph {
  const { graph: plain, net, logits } = build(model, shape, 'evaluate', isOfOnnx(form) ? form : 'plain');
  const picks = plain.input(PICKS, [shape.count, model.classes]);
  const built = { model, net, logits, picks };
  const { graph, maps, logits: given } = method === 'cam' ? cam(built, form) : gradCam(built, stage, form);
  const [rows, cols] = maps.shape.slice(2);
  graph.output(MAPS, reshape(maps, [shape.count, rows, cols]));
  graph.output('logits', given);
  return { bytes: encodeModel(graph, { version }), dropoutMasks: [], outputs: [MAPS, 'logits'] };
}
