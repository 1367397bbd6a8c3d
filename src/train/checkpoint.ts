/**
 * Checkpoints: a safetensors file of weights (PyTorch's names), running statistics and the optimizer's slots, with the
 * trainer's settings and a checksum of everything as text beside them. Any program that reads safetensors reads it.
 */
import { createHash } from 'node:crypto';
import { invalid } from '../check';
import { SaliencyMixError } from '../errors';
import { readTensors, type Tensor, writeTensors } from './safetensors';

export const FORMAT = 'saliencymix checkpoint 1';

/** What a checkpoint says besides numbers; plain JSON. */
export interface CheckpointInfo {
  model: { name: string; options: Record<string, unknown> };
  /** Of Trainer.create, complete. */
  trainer: Record<string, unknown>;
  /** Steps done; of them, those since the optimizer's slots were zero. */
  counts: { steps: number; updates: number };
  /** `Trainer.notes`: what the program that trains keeps with its checkpoints. */
  notes: Record<string, unknown>;
}

export interface Checkpoint extends CheckpointInfo {
  tensors: Map<string, Tensor>;
}

/** A copy of notes as JSON has them: later changes to them are not saved. */
export function plainNotes(notes: Record<string, unknown>): Record<string, unknown> {
  try {
    return JSON.parse(JSON.stringify(notes)) as Record<string, unknown>;
  } catch (error) {
    throw invalid('notes', 'plain JSON', notes, { cause: error });
  }
}

/** Over names, shapes, values and info. */
function checksum(tensors: ReadonlyMap<string, Tensor>, info: string): string {
  const hash = createHash('sha256').update(info);
  for (const [name, { data, shape }] of tensors) {
    hash.update(`\0${name}\0${shape.join()}\0`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

/**
 * An earlier checkpoint stays whole until the new one is.
 * @throws (rejects) SaliencyMixError OUTPUT
 */
export async function writeCheckpoint(path: string, { tensors, ...info }: Checkpoint): Promise<void> {
  const text = JSON.stringify(info);
  const metadata = { format: FORMAT, info: text, sha256: checksum(tensors, text) };
  await writeTensors(path, { tensors, metadata });
}

/** @throws (rejects) SaliencyMixError CHECKPOINT: not there, not a checkpoint, cut off, or changed */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const { tensors, metadata } = await readTensors(path);
  const { format, info, sha256 } = metadata;
  if (format !== FORMAT || info === undefined) {
    const hint = 'it holds tensors, but not what training needs to go on (loadSafetensors reads weights)';
    throw new SaliencyMixError('CHECKPOINT', `${path} is not a checkpoint of this package: ${hint}`, {
      file: path,
    });
  }
  if (checksum(tensors, info) !== sha256) {
    const hint = 'its checksum differs from its content';
    throw new SaliencyMixError('CHECKPOINT', `${path} is damaged or was edited: ${hint}`, { file: path });
  }
  return { ...(JSON.parse(info) as CheckpointInfo), tensors };
}
