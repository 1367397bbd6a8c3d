/**
 * Rewrites a plain forward graph with operators of this package (native-ops.ts), with the channels of images last.
 * The plain graph stays the reference. Gradients are then taken of the rewritten graph, by nativeGradients.
 */
import { DROPOUT_LEVELS, dropoutScale } from '../composites';
import { type Graph, type Node, sizeOf, type Value } from '../graph';
import * as native from '../native-ops';
import { add, concat, div, reshape, sqrt } from '../ops';
import { type Fusion, findFusions, type Fusions } from './fusions';
import { lastShape, Layouts } from './layouts';
import { BATCH_NORM, rowOf } from './native-gradients';

export interface Lowered {
  graph: Graph;
  /** The value that stands for one of the plain graph, in the same layout. */
  readonly of: (plain: Value) => Value;
  /** A plain input as it is in this graph. */
  readonly input: (plain: Value) => Value;
}

export interface LoweringOptions {
  /** Values of the plain graph that will be asked for. */
  kept: readonly Value[];
  /** Names of inputs that are convolution weights and are given as h×w×C×O; see convolutionWeights. */
  keptLast: ReadonlySet<string>;
  /** The masks of dropout by the names of their inputs: their positions among all masks of the network. */
  maskNumbers: ReadonlyMap<string, number>;
  convolution: native.ConvolutionForm;
}

/** Name of the input with the seed and the number of the step, of which dropout draws its masks. */
export const RANDOM = 'step/random';

/** Names of the inputs that a graph's convolutions take for their weights. */
export const convolutionWeights = ({ tape, inputs }: Graph): Set<string> => {
  const weights = new Set(tape.flatMap((node) => (node.op === 'Conv' ? [node.inputs[1] as Value] : [])));
  return new Set(inputs.filter((input) => weights.has(input)).map(({ name }) => name));
};

type Pair = readonly [number, number];

/** Batch normalisation's epsilon is that of PyTorch's BatchNorm2d, the only one that layers use. */
const EPSILON = 1e-5;

/** Operators that may be computed in any layout, if all inputs are in the same. */
const ELEMENTWISE: ReadonlySet<string> = new Set([
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Neg',
  'Exp',
  'Log',
  'Sqrt',
  'Relu',
  'Sigmoid',
  'Identity',
  'Where',
  'Greater',
]);

/** Whether a place in the window of a max pooling fits into a byte. */
const fitsNative = ({ attributes }: Node) => sizeOf(attributes.kernel_shape as number[]) <= 256;

class Lowering {
  readonly values: Layouts;
  readonly #fusions: Fusions;
  readonly #maskNumbers: LoweringOptions['maskNumbers'];
  readonly #convolution: native.ConvolutionForm;
  /** Of each batch normalisation. */
  readonly #statistics = new Map<Node, Value>();
  /** Of the mean of each batch. */
  readonly #statisticsOfMean = new Map<Value, Value>();
  #random?: Value;

  constructor(plain: Graph, { kept, keptLast, maskNumbers, convolution }: LoweringOptions) {
    this.values = new Layouts(plain, keptLast);
    this.#fusions = findFusions(plain.tape, new Set(kept));
    this.#maskNumbers = maskNumbers;
    this.#convolution = convolution;
  }

  lower(node: Node): void {
    if (node.op === 'BatchNormTraining') this.#statisticsOf(node);
    if (node.op === 'BatchNormalization') this.#fixedStatistics(node);
    const fusion = this.#fusions.byEnd.get(node);
    if (fusion) this.#fused(fusion);
    else if (!this.#fusions.inside.has(node)) this.#alone(node);
  }

  #alone(node: Node): void {
    switch (node.op) {
      case 'Conv':
        return this.#conv(node);
      case 'MaxPool':
        return fitsNative(node) ? this.#maxPool(node) : this.#plain(node);
      case 'ReduceMean':
        return (node.attributes.axes as number[]).join() === '2,3'
          ? this.#globalMean(node)
          : this.#plain(node);
      case 'SoftmaxCrossEntropy': {
        const [logits, labels] = (node.inputs as Value[]).map((input) => this.values.first(input));
        return this.values.setFirst(node.outputs[0], native.crossEntropy(logits, labels).loss);
      }
      case 'Dropout':
        return this.#dropout(node);
      case 'RunningStatistics':
        return this.#runningStatistics(node);
      default:
        return this.#isLast(node) ? this.#elementwise(node) : this.#plain(node);
    }
  }

  #conv({ inputs: [x, w, bias], outputs: [y], attributes }: Node): void {
    const window = {
      stride: attributes.strides as unknown as Pair,
      padding: attributes.pads as unknown as native.NativeWindow['padding'],
      dilation: attributes.dilations as unknown as Pair,
      groups: 1,
      form: this.#convolution,
    };
    const added = bias && this.values.first(bias);
    this.values.setLast(
      y,
      native.conv(this.values.last(x as Value), this.values.weights(w as Value), added, window),
    );
  }

  #maxPool({ inputs: [x], outputs: [y], attributes }: Node): void {
    const kernel = attributes.kernel_shape as unknown as Pair;
    const [[stride], [padding]] = [attributes.strides as number[], attributes.pads as number[]];
    this.values.setLast(y, native.maxPool(this.values.last(x as Value), { kernel, stride, padding }).y);
  }

  #globalMean({ inputs: [x], outputs: [y] }: Node): void {
    const images = this.values.last(x as Value);
    const kernel = [images.shape[1], images.shape[2]] as const;
    const mean = native.averagePool(images, { kernel, stride: 1, padding: 0 });
    if (y.shape.length === 4) this.values.setLast(y, mean);
    else this.values.setFirst(y, reshape(mean, y.shape));
  }

  #dropout({ inputs: [x, mask], outputs: [y], attributes }: Node): void {
    const { float: rate } = attributes.rate as { float: number };
    const drawn = {
      number: this.#maskNumbers.get((mask as Value).name) as number,
      dropped: Math.round(rate * DROPOUT_LEVELS),
      scale: dropoutScale(rate),
    };
    this.#random ??= this.values.graph.input(RANDOM, [2], 'int64');
    if (y.shape.length === 4)
      this.values.setLast(y, native.dropout(this.values.last(x as Value), this.#random, drawn));
    else this.values.setFirst(y, native.dropout(this.values.first(x as Value), this.#random, drawn));
  }

  #runningStatistics({ inputs, outputs, attributes }: Node): void {
    const [mean, variance, batchMean] = inputs as Value[];
    const old = { mean: this.values.first(mean), variance: this.values.first(variance) };
    const { rows, momentum } = attributes as { rows: number; momentum: { float: number } };
    const next = native.runningStatistics(this.#statisticsOfMean.get(batchMean) as Value, old, {
      rows,
      momentum: momentum.float,
    });
    this.values.setFirst(outputs[0], next.mean);
    this.values.setFirst(outputs[1], next.variance);
  }

  /** Of evaluation mode, as batchStatistics has them. */
  #fixedStatistics(node: Node): void {
    const [, , , mean, variance] = (node.inputs as Value[]).map((input) => this.values.first(input));
    const { graph } = mean;
    const { float: epsilon } = node.attributes.epsilon as { float: number };
    const inverse = div(graph.scalar(1), sqrt(add(variance, graph.scalar(epsilon))));
    const rows = [mean, variance, inverse].map((values) => reshape(values, [1, ...values.shape]));
    this.#statistics.set(node, concat(rows, 0));
  }

  #statisticsOf(node: Node): void {
    const statistics = native.batchStatistics(this.values.last(node.inputs[0] as Value), EPSILON);
    this.#statistics.set(node, statistics);
    const [, mean, variance] = node.outputs;
    this.#statisticsOfMean.set(mean, statistics);
    this.values.setFirst(mean, rowOf(statistics, 0));
    this.values.setFirst(variance, rowOf(statistics, 1));
  }

  #normOf(node: Node): { x: Value; norm: native.Norm } {
    const [x, scale, bias] = node.inputs as Value[];
    const statistics = this.#statistics.get(node) as Value;
    return {
      x: this.values.last(x),
      norm: { statistics, scale: this.values.first(scale), bias: this.values.first(bias) },
    };
  }

  #fused({ norm: node, residual, relu, result }: Fusion): void {
    const { x, norm } = this.#normOf(node);
    const second = residual?.norm && this.#normOf(residual.norm);
    const added = second?.x ?? (residual && this.values.last(residual.value));
    const parts = [x, norm.scale, norm.bias, added, second?.norm.scale, second?.norm.bias];
    const saved = [norm.statistics, ...(second ? [second.norm.statistics] : [])];
    const inputs = parts.filter((part) => part !== undefined);
    const build = () => {
      const beside = added && { value: added, norm: second?.norm };
      return { outputs: [native.normalise(x, norm, { residual: beside, relu })], saved };
    };
    const made = this.values.graph.composite(BATCH_NORM, inputs, build, { relu: Number(relu) });
    this.values.setLast(result, made.outputs[0]);
  }

  /** Whether a node can be computed with the channels last, and one of its inputs is so already. */
  #isLast({ op, inputs }: Node): boolean {
    const given = inputs as Value[];
    const fits = ({ shape }: Value) => shape.length === 4 || shape.length === 0;
    return ELEMENTWISE.has(op) && given.every(fits) && given.some((input) => this.values.isLast(input));
  }

  #elementwise({ op, inputs, outputs: [y], attributes }: Node): void {
    const moved = (inputs as Value[]).map((input) =>
      input.shape.length === 4 ? this.values.last(input) : this.values.first(input),
    );
    const [made] = this.values.graph.node(op, moved, attributes, [
      { shape: lastShape(y.shape), dtype: y.dtype },
    ]);
    this.values.setLast(y, made);
  }

  #plain({ op, inputs, outputs, attributes }: Node): void {
    const given = inputs.map((input) => input && this.values.first(input));
    const made = this.values.graph.node(op, given, attributes, outputs);
    outputs.forEach((output, i) => this.values.setFirst(output, made[i]));
  }
}

/**
 * Rewrites a graph. The gradients of one in evaluation mode may not be taken: those of batch normalisation are of training
 * mode.
 */
export function lower(plain: Graph, options: LoweringOptions): Lowered {
  const lowering = new Lowering(plain, options);
  for (const node of plain.tape) lowering.lower(node);
  const { values } = lowering;
  return {
    graph: values.graph,
    of: (value) => values.first(value),
    input: (value) => values.input(value),
  };
}
