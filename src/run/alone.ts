/** Batches of one image, which a run may be asked for without that being meant. */
import { usesPartner } from '../mix/index';
import type { MixOptions } from '../mix/options';
import type { Warn } from '../warning';

/** Warns where every batch of a run has one image, and its method wants two. */
export function warnOfOne(
  { batch, images, mixer }: { batch: number; images: number; mixer: MixOptions },
  warn: Warn,
): void {
  if (Math.min(batch, images) > 1 || !usesPartner(mixer)) return;
  const why = batch === 1 ? 'with --batch 1 (batch: 1)' : 'where the data has one image';
  const advice = batch === 1 ? 'take batches of 2 images or more' : 'add images';
  warn(`${why} no image has a second one for "${mixer.method}", so nothing is mixed: ${advice}`);
}
