/** Files of weights as others write them: PyTorch's counters and the prefixes of its wrappers are no part of a model. */
import { readTensors, type Tensor } from './safetensors';

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

/**
 * The weights in a file, float32, float16 or bfloat16, by their names without the prefix of a wrapper; that it was taken
 * off is said. A prefix that the `known` names have themselves stays.
 * @throws (rejects) SaliencyMixError CHECKPOINT: not there, not safetensors, cut off, another dtype
 */
export async function readWeights(path: string, known: readonly string[] = []): Promise<Map<string, Tensor>> {
  const { tensors } = await readTensors(path, isOther);
  const [all, own] = [wrapperOf(tensors.keys()), wrapperOf(known)];
  if (all === own || !all.endsWith(own)) return tensors;
  const prefix = all.slice(0, all.length - own.length);
  process.emitWarning(`${path}: all names begin with "${prefix}", which was taken off`, {
    type: 'SaliencyMixWarning',
  });
  return new Map([...tensors].map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
