/** A file of weights as a network of which more is asked than its logits: a checkpoint, or weights alone. */
import { SaliencyMixError } from '../errors';
import { settingsIn, type Trained } from './classifier';
import type { TrainerOptions } from './options';
import { readSaved } from './saved-classifier';
import { Trainer } from './trainer';

type Sides = readonly [height: number, width: number];
type Where = Pick<TrainerOptions, 'threads' | 'provider'>;

export interface SavedTrainer {
  /** What it was trained with, where its file says so. */
  readonly settings?: Trained;
  /** The size of its images, where it has one. */
  readonly image?: Sides;
  /** @param batch images in one run, of weights alone */
  trainer(image: Sides, batch: number): Promise<Trainer>;
  close(): Promise<void>;
}

function refuseOnnx(path: string): void {
  if (!/\.onnx$/i.test(path)) return;
  const instead = 'give the checkpoint beside it, checkpoint.safetensors, or weights as safetensors';
  const what = `${path} is an ONNX model, which tells its logits, but not the features and gradients that maps are made of`;
  throw new SaliencyMixError('MODEL', `${what}: ${instead}`, { file: path, argument: 'model' });
}

async function ofCheckpoint(path: string, where: Where): Promise<SavedTrainer> {
  const trainer = await Trainer.resume(path, where);
  return {
    settings: settingsIn(trainer.notes),
    image: trainer.settings.image,
    trainer: async () => trainer,
    close: () => trainer.close(),
  };
}

/**
 * @throws (rejects) SaliencyMixError CHECKPOINT: not there, damaged, or of a network that is not known; MODEL for an ONNX model;
 *   BACKEND where its provider cannot be had here
 */
export async function openSavedTrainer(path: string, where: Where): Promise<SavedTrainer> {
  refuseOnnx(path);
  const saved = await readSaved(path, 'a program that has its model can call Trainer.activationMaps');
  if (saved === 'checkpoint') return ofCheckpoint(path, where);
  const { model, weights, settings, image } = saved;
  let opened: Trainer | undefined;
  return {
    settings,
    image,
    async trainer(size, batch) {
      const options = { batch, image: size, optimizer: { name: 'sgd' }, ...where } as const;
      opened = await Trainer.create(model, options);
      await opened.load(weights);
      return opened;
    },
    close: async () => opened?.close(),
  };
}
