/**
 * Checkpoints: a safetensors file of weights (PyTorch's names), running statistics and the optimizer's slots.
 * Its metadata has the trainer's settings and a checksum of everything. Any program that reads safetensors can
 * read it.
 */
import { createHash } from 'node:crypto';
import * as check from '../check';
import { reasonOf, SaliencyMixError } from '../errors';
import { isTooDeep } from '../nesting';
import { version } from '../version';
import type { Arithmetic } from './engine';
import { readTensors, type Tensor, writeTensors } from './safetensors';

export const FORMAT = 'saliencymix checkpoint 1';

/** What a checkpoint has besides tensors; plain JSON. */
export interface CheckpointInfo {
  model: { name: string; options: Record<string, unknown> };
  /** Options of Trainer.create, with defaults. */
  trainer: Record<string, unknown>;
  /** None in checkpoints of versions that had one engine. */
  arithmetic?: Arithmetic;
  /** Steps done, and steps since the optimizer's slots were last set to zero. */
  counts: { steps: number; updates: number };
  /** `Trainer.notes`: data of the program that trains. */
  notes: Record<string, unknown>;
}

export interface Checkpoint extends CheckpointInfo {
  tensors: Map<string, Tensor>;
}

/**
 * A copy of the notes, so that later changes do not change what is being saved.
 * @throws SaliencyMixError ARGUMENT where they cannot be written as JSON
 */
export function plainNotes(notes: Record<string, unknown>): Record<string, unknown> {
  try {
    return JSON.parse(JSON.stringify(notes)) as Record<string, unknown>;
  } catch (error) {
    throw check.invalid('notes', 'plain JSON', notes, { cause: error });
  }
}

/** SHA-256 of names, shapes, values and info. */
function checksum(tensors: ReadonlyMap<string, Tensor>, info: string): string {
  const hash = createHash('sha256').update(info);
  for (const [name, { data, shape }] of tensors) {
    hash.update(`\0${name}\0${shape.join()}\0`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

/**
 * Writes a checkpoint. An earlier one at `path` is replaced only when the new one is complete.
 * @throws (rejects) SaliencyMixError OUTPUT
 */
export async function writeCheckpoint(path: string, { tensors, ...info }: Checkpoint): Promise<void> {
  const text = JSON.stringify(info);
  const metadata = { format: FORMAT, info: text, sha256: checksum(tensors, text) };
  await writeTensors(path, { tensors, metadata });
}

function objectIn(value: unknown, name: string): Record<string, unknown> {
  if (value === undefined) throw check.invalid(name, 'an object', value);
  return check.object(value, name);
}

/** The error for a checkpoint whose checksum is right, but whose content is not: this version does not write such. */
export function ofAnotherVersion(path: string, what: string, cause?: unknown): SaliencyMixError {
  const message = `${path} was written by another version of saliencymix than this one (${version}), or edited: ${what}`;
  return new SaliencyMixError('CHECKPOINT', message, { file: path, cause });
}

/**
 * What a checkpoint says of itself besides its tensors.
 * @throws SaliencyMixError CHECKPOINT for anything of another form
 */
function readInfo(path: string, text: string): CheckpointInfo {
  try {
    const info = objectIn(JSON.parse(text), 'info');
    if (isTooDeep(info)) throw new Error('it is nested too deeply');
    const [model, counts] = [objectIn(info.model, 'model'), objectIn(info.counts, 'counts')];
    check.text(model.name, 'model.name');
    objectIn(model.options, 'model.options');
    objectIn(info.trainer, 'trainer');
    objectIn(info.notes, 'notes');
    if (info.arithmetic !== undefined) objectIn(info.arithmetic, 'arithmetic');
    check.integer(counts.steps, 'counts.steps', 0);
    check.integer(counts.updates, 'counts.updates', 0);
    return info as unknown as CheckpointInfo;
  } catch (error) {
    throw ofAnotherVersion(path, `what it says of its training cannot be read (${reasonOf(error)})`, error);
  }
}

/** @throws (rejects) SaliencyMixError CHECKPOINT: not there, not a checkpoint, cut off, or changed */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const { tensors, metadata, dtypes } = await readTensors(path);
  const { format, info, sha256 } = metadata;
  if (format !== FORMAT || info === undefined) {
    const hint = 'it holds tensors, but not what training needs to go on (loadSafetensors reads weights)';
    throw new SaliencyMixError('CHECKPOINT', `${path} is not a checkpoint of this package: ${hint}`, {
      file: path,
    });
  }
  const [half] = [...dtypes].filter(([, dtype]) => dtype !== 'F32');
  if (half) {
    const hint = 'training goes on from F32 only, evaluate and loadSafetensors read it';
    throw new SaliencyMixError('CHECKPOINT', `${path} has ${half[0]} as ${half[1]}: ${hint}`, { file: path });
  }
  if (checksum(tensors, info) !== sha256) {
    const hint = 'its checksum differs from its content';
    throw new SaliencyMixError('CHECKPOINT', `${path} is damaged or was edited: ${hint}`, { file: path });
  }
  return { ...readInfo(path, info), tensors };
}
