/** The end of a network by which class activation maps are defined: the mean of each channel, then one linear layer. */
import type { Node, Value } from '../graph/graph';
import { makerOf } from '../graph/run-order';

export interface PooledEnd {
  /** What is pooled, N×C×H×W. */
  features: Value;
  /** Of the linear layer: classes × C, or C × classes. */
  weights: Value;
  /** Whether they are classes × C. */
  isByClass: boolean;
}

/** The node that makes a node's first input. */
const before = ({ inputs: [x] }: Node): Node | undefined => x && makerOf(x.graph, x);

/** The end of a network in evaluation mode; undefined where it has another one. */
export function pooledEnd(logits: Value): PooledEnd | undefined {
  const linear: Node | undefined = makerOf(logits.graph, logits);
  if (linear?.op !== 'Gemm' || linear.attributes.transA !== 0) return undefined;
  const [x, weights] = linear.inputs as Value[];
  const made = before(linear);
  // A mean that keeps its axes is brought from N×C×1×1 to N×C.
  const mean = made?.op === 'Reshape' ? before(made) : made;
  if (mean?.op !== 'ReduceMean' || (mean.attributes.axes as number[]).join() !== '2,3') return undefined;
  const [features] = mean.inputs as Value[];
  const isWhole = features.shape.length === 4 && features.shape.slice(0, 2).join() === x.shape.join();
  return isWhole ? { features, weights, isByClass: linear.attributes.transB === 1 } : undefined;
}
