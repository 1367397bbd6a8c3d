/** Files of weights as others write them: PyTorch's counters and the prefixes of its wrappers are no part of a model. */
import type { Model } from '../models/model';
import { isTooDeep } from '../nesting';
import { isObject, readTensors, type Tensor } from './safetensors';

/** Put before every name by DataParallel and DistributedDataParallel, and by torch.compile. */
const WRAPPERS = ['module.', '_orig_mod.'];

/** Of a name with or without a wrapper's prefix: an optimizer's tensor, or PyTorch's count of batches. */
const isOther = (name: string): boolean =>
  /(?:^|\.)optimizer\//.test(name) || name.endsWith('.num_batches_tracked');

/** The prefix of wrappers that all names have, or ''. */
export function wrapperOf(names: Iterable<string>): string {
  const own = [...names].filter((name) => !isOther(name));
  let prefix = '';
  for (;;) {
    const next = WRAPPERS.find((one) => own.every((name) => name.startsWith(prefix + one)));
    if (next === undefined || own.length === 0) return prefix;
    prefix += next;
  }
}

export interface WeightsFile {
  weights: Map<string, Tensor>;
  /** What the file says of itself; anything may be there. */
  metadata: Readonly<Record<string, string>>;
}

const warn = (text: string) => process.emitWarning(text, { type: 'SaliencyMixWarning' });

/**
 * The weights in a file, float32, float16 or bfloat16, by their names without the prefix of a wrapper; that it was taken
 * off is said. A prefix that the `known` names have themselves stays.
 * @throws (rejects) SaliencyMixError CHECKPOINT: not there, not safetensors, cut off, another dtype
 */
export async function readWeights(path: string, known: readonly string[] = []): Promise<WeightsFile> {
  const { tensors, metadata } = await readTensors(path, isOther);
  const [all, own] = [wrapperOf(tensors.keys()), wrapperOf(known)];
  if (all === own || !all.endsWith(own)) return { weights: tensors, metadata };
  const prefix = all.slice(0, all.length - own.length);
  warn(`${path}: all names begin with "${prefix}", which was taken off`);
  const weights = new Map([...tensors].map(([name, tensor]) => [name.slice(prefix.length), tensor]));
  return { weights, metadata };
}

/** A network as files name it. */
type Named = Pick<Model, 'name' | 'options'>;

/** What a file says of the network, in what is written beside its weights; undefined where it says nothing of use. */
export function networkIn(metadata: Readonly<Record<string, string>>): Named | undefined {
  try {
    const said = JSON.parse(metadata.model) as Named;
    return isTooDeep(said) || typeof said.name !== 'string' || !isObject(said.options) ? undefined : said;
  } catch {
    return undefined;
  }
}

/** The chance that the last block is left out, where evaluation scales branches for it: that is in no weight. */
const scaledFor = ({ options }: Named): number => {
  const { stochasticDepth, stochasticDepthScale } = options as Record<string, unknown>;
  return typeof stochasticDepth === 'number' && stochasticDepthScale === 'test' ? stochasticDepth : 0;
};

/** Weights of a network whose branches are scaled otherwise give other predictions in this one. */
export function warnOfScaling(path: string, metadata: WeightsFile['metadata'], model: Named): void {
  const said = networkIn(metadata);
  if (said === undefined || scaledFor(said) === scaledFor(model)) return;
  const why = `is of a network with stochasticDepth ${scaledFor(said)} and stochasticDepthScale "test"`;
  warn(
    `${path} ${why}, this one has ${scaledFor(model)}: evaluation scales the branches of blocks otherwise here, so predictions differ`,
  );
}
