/**
 * Rewrites a plain forward graph with operators of this package (native-ops.ts), with the channels of images last; for CUDA
 * with the channels where they are, and ONNX's convolutions. The plain graph stays the reference. Gradients are then taken of
 * the rewritten graph, by nativeGradients.
 */
import {
  batchNormTraining,
  dropBlocks,
  dropout,
  DROPOUT_LEVELS,
  dropoutScale,
  keptBranch,
  mixedRows,
  runningStatistics,
  softmaxCrossEntropy,
} from '../composites';
import { type Graph, type Node, sizeOf, type Value } from '../graph';
import * as native from '../native-ops';
import { add, concat, div, reshape, sqrt } from '../ops';
import { type Fusion, findFusions, type Fusions, NORMS } from './fusions';
import { lastShape, Layouts } from './layouts';
import { BATCH_NORM, CONV, rowOf } from './native-gradients';

export interface Lowered {
  graph: Graph;
  /** The value that stands for one of the plain graph, in the same layout. */
  readonly of: (plain: Value) => Value;
  /** A plain input as it is in this graph. */
  readonly input: (plain: Value) => Value;
  /** The value by which gradients are taken, in the layout that it was made in: those that `of` gives may be copies of it. */
  readonly made: (plain: Value) => { value: Value; isLast: boolean };
}

export interface LoweringOptions {
  /** Values of the plain graph that will be asked for. */
  kept: readonly Value[];
  /** Names of inputs that are convolution weights and are given as h×w×C×O; see convolutionWeights. */
  keptLast: ReadonlySet<string>;
  /** The masks of dropout by the names of their inputs: their positions among all masks of the network. */
  maskNumbers: ReadonlyMap<string, number>;
  /** What computes it: of the processor in which form, or a graphics card. */
  convolution: native.ConvolutionForm | 'cuda';
  /** Patterns that are left as they are. */
  without?: ReadonlySet<Pattern>;
}

/** Name of the input with the seed and the number of the step, of which dropout draws its masks. */
export const RANDOM = 'step/random';

/** Names of the inputs that a graph's convolutions take for their weights. */
export const convolutionWeights = ({ tape, inputs }: Graph): Set<string> => {
  const weights = new Set(tape.flatMap((node) => (node.op === 'Conv' ? [node.inputs[1] as Value] : [])));
  return new Set(inputs.filter((input) => weights.has(input)).map(({ name }) => name));
};

type Pair = readonly [number, number];

/** What is rewritten, each of which can be left as it is. */
export const patterns = [
  'convolution',
  'normalisation',
  /** What is added to a normalised value, and the ReLU after it: computed together with it. */
  'residual',
  'activation',
  /** A normalised value that convolutions alone read: they compute it where they read it. */
  'convolution input',
  'max pooling',
  'global mean',
  'dropout',
  'loss',
  'running statistics',
  /** Of images, with the channels last. */
  'elementwise',
] as const;
export type Pattern = (typeof patterns)[number];

/** What is ONNX's own on a graphics card. */
const NOT_CUDA: readonly Pattern[] = ['convolution', 'convolution input', 'elementwise'];

const NO_FUSIONS: Fusions = { byEnd: new Map(), inside: new Set() };
const floatOf = ({ attributes }: Node, name: string) => (attributes[name] as { float: number }).float;

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
  readonly #convolution: LoweringOptions['convolution'];
  /** Of each batch normalisation. */
  readonly #statistics = new Map<Node, Value>();
  /** Of the mean of each batch. */
  readonly #statisticsOfMean = new Map<Value, Value>();
  /** What convolutions are to read in the place of a value that is not written. */
  readonly #read = new Map<Value, { x: Value } & native.InputNorm>();
  readonly #without: ReadonlySet<Pattern>;
  #random?: Value;

  constructor(
    plain: Graph,
    { kept, keptLast, maskNumbers, convolution, without = new Set() }: LoweringOptions,
  ) {
    const isForCuda = convolution === 'cuda';
    this.values = new Layouts(plain, keptLast, isForCuda ? 'cuda' : 'cpu');
    this.#without = isForCuda ? new Set([...without, ...NOT_CUDA]) : without;
    const [residual, activation] = (['residual', 'activation'] as const).map((one) => this.#takes(one));
    this.#fusions = this.#takes('normalisation')
      ? findFusions(plain.tape, new Set(kept), { residual, activation })
      : NO_FUSIONS;
    this.#maskNumbers = maskNumbers;
    this.#convolution = convolution;
  }

  #takes(pattern: Pattern): boolean {
    return !this.#without.has(pattern);
  }

  lower(node: Node): void {
    if (NORMS.has(node.op) && this.#takes('normalisation')) {
      if (node.op === 'BatchNormTraining') this.#statisticsOf(node);
      else this.#fixedStatistics(node);
    }
    const fusion = this.#fusions.byEnd.get(node);
    if (fusion) this.#fused(fusion);
    else if (!this.#fusions.inside.has(node)) this.#alone(node);
  }

  #alone(node: Node): void {
    switch (node.op) {
      case 'Conv':
        return this.#takes('convolution') ? this.#conv(node) : this.#plain(node);
      case 'MaxPool':
        return this.#takes('max pooling') && fitsNative(node) ? this.#maxPool(node) : this.#plain(node);
      case 'ReduceMean':
        return this.#takes('global mean') && (node.attributes.axes as number[]).join() === '2,3'
          ? this.#globalMean(node)
          : this.#plain(node);
      case 'BatchNormTraining':
        return this.#composite(node, ([x, scale, bias]) =>
          batchNormTraining(x, scale, bias, floatOf(node, 'epsilon')),
        );
      case 'SoftmaxCrossEntropy':
        return this.#composite(node, ([logits, labels]) => [
          this.#takes('loss')
            ? native.crossEntropy(logits, labels).loss
            : softmaxCrossEntropy(logits, labels),
        ]);
      case 'Dropout':
        return this.#takes('dropout')
          ? this.#dropout(node)
          : this.#composite(node, ([x, mask]) => [dropout(x, mask, floatOf(node, 'rate'))]);
      case 'DropBlock':
        return this.#composite(node, ([x, kept]) => [
          dropBlocks(x, kept, node.attributes.block as unknown as Pair),
        ]);
      case 'StochasticDepth':
        return this.#inAnyLayout(node, (x, [kept]) => keptBranch(x, kept, floatOf(node, 'scale')));
      case 'MixedRows':
        return this.#inAnyLayout(node, (x, [partners, inverse, lambda]) =>
          mixedRows(x, { partners, inverse, lambda }),
        );
      case 'RunningStatistics':
        return this.#runningStatistics(node);
      default:
        return this.#isLast(node) && this.#takes('elementwise') ? this.#elementwise(node) : this.#plain(node);
    }
  }

  /** A composite of the plain graph, of values in its layouts. */
  #composite({ inputs, outputs }: Node, build: (inputs: Value[]) => Value[]): void {
    const made = build((inputs as Value[]).map((input) => this.values.first(input)));
    outputs.forEach((output, i) => this.values.setFirst(output, made[i]));
  }

  #conv({ inputs: [x, w, bias], outputs: [y], attributes }: Node): void {
    const window = {
      stride: attributes.strides as unknown as Pair,
      padding: attributes.pads as unknown as native.NativeWindow['padding'],
      dilation: attributes.dilations as unknown as Pair,
      groups: 1,
      form: this.#convolution as native.ConvolutionForm,
    };
    const image = this.values.last(x as Value);
    const weights = this.values.weights(w as Value);
    const added = bias && this.values.first(bias);
    const read = this.#read.get(image);
    if (!read) return this.values.setLast(y, native.conv(image, weights, added, window));
    const { statistics, scale, bias: shift } = read.norm;
    const build = () => ({
      outputs: [native.conv(read.x, weights, added, window, read)],
      saved: [read.x, statistics, scale, shift],
    });
    const inputs = [image, weights, ...(added ? [added] : [])];
    const made = this.values.graph.composite(CONV, inputs, build, native.convAttributes(window, read));
    this.values.setLast(y, made.outputs[0]);
  }

  #maxPool({ inputs: [x], outputs: [y], attributes }: Node): void {
    const kernel = attributes.kernel_shape as unknown as Pair;
    const [[stride], [padding]] = [attributes.strides as number[], attributes.pads as number[]];
    this.values.setLast(y, native.maxPool(this.values.last(x as Value), { kernel, stride, padding }).y);
  }

  #globalMean({ inputs: [x], outputs: [y] }: Node): void {
    const images = this.values.last(x as Value);
    const kernel = native.sizeIn(images);
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

  /** A function of images whose other inputs are the same in both layouts: it is made in that which the images have. */
  #inAnyLayout(node: Node, build: (x: Value, others: Value[]) => Value): void {
    const [x, ...given] = node.inputs as Value[];
    const others = given.map((one) => this.values.first(one));
    const [y] = node.outputs;
    if (this.values.isLast(x)) this.values.setLast(y, build(this.values.last(x), others));
    else this.values.setFirst(y, build(this.values.first(x), others));
  }

  #runningStatistics(node: Node): void {
    const { rows } = node.attributes as { rows: number };
    const options = { rows, momentum: floatOf(node, 'momentum') };
    const statistics = this.#statisticsOfMean.get(node.inputs[2] as Value);
    this.#composite(node, ([mean, variance, batchMean, batchVariance]) => {
      const old = { mean, variance };
      const next =
        statistics && this.#takes('running statistics')
          ? native.runningStatistics(statistics, old, options)
          : runningStatistics(old, { mean: batchMean, variance: batchVariance }, options);
      return [next.mean, next.variance];
    });
  }

  /** Of evaluation mode, as batchStatistics has them. */
  #fixedStatistics(node: Node): void {
    const [, , , mean, variance] = (node.inputs as Value[]).map((input) => this.values.first(input));
    const { graph } = mean;
    const inverse = div(graph.scalar(1), sqrt(add(variance, graph.scalar(floatOf(node, 'epsilon')))));
    const rows = [mean, variance, inverse].map((values) => reshape(values, [1, ...values.shape]));
    this.#statistics.set(node, concat(rows, 0));
  }

  #statisticsOf(node: Node): void {
    const statistics = native.batchStatistics(
      this.values.last(node.inputs[0] as Value),
      floatOf(node, 'epsilon'),
    );
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

  #fused({ norm: node, residual, relu, result, onlyConvolved }: Fusion): void {
    const { x, norm } = this.#normOf(node);
    const second = residual?.norm && this.#normOf(residual.norm);
    const added = second?.x ?? (residual && this.values.last(residual.value));
    const parts = [x, norm.scale, norm.bias, added, second?.norm.scale, second?.norm.bias];
    const saved = [norm.statistics, ...(second ? [second.norm.statistics] : [])];
    const inputs = parts.filter((part) => part !== undefined);
    const isRead =
      onlyConvolved && !residual && this.#takes('convolution') && this.#takes('convolution input');
    const build = () => {
      const beside = added && { value: added, norm: second?.norm };
      const y = isRead
        ? this.values.graph.unwritten(x.shape)
        : native.normalise(x, norm, { residual: beside, relu });
      return { outputs: [y], saved };
    };
    const attributes = { relu: Number(relu), fixed: Number(node.op !== 'BatchNormTraining') };
    const made = this.values.graph.composite(BATCH_NORM, inputs, build, attributes);
    if (isRead) this.#read.set(made.outputs[0], { x, norm, relu });
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

/** Rewrites a graph. */
export function lower(plain: Graph, options: LoweringOptions): Lowered {
  const lowering = new Lowering(plain, options);
  for (const node of plain.tape) lowering.lower(node);
  const { values } = lowering;
  return {
    graph: values.graph,
    of: (value) => values.first(value),
    input: (value) => values.input(value),
    made: (value) => values.made(value),
  };
}
