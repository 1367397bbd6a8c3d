/** The usual per-image augmentation before mixing: a zero-padded random crop and a random horizontal flip. */
import { Purpose, Stream } from '../rng';
import type { Decoded } from './codec';

export interface CropFlipOptions {
  /** Mirror left and right with a chance of one half. Default false. */
  flip?: boolean;
  /** Shift by up to this many pixels up, down, left and right, zeros coming in at the border. Default 0. */
  crop?: number;
}

/** What happens to one image: output (row, column) shows input (row + dy, column + dx), mirrored afterwards. */
export interface Draw {
  dy: number;
  dx: number;
  flip: boolean;
}

/**
 * Draws for one image. Always three numbers in the order dy, dx, flip, so that one option never shifts
 * another.
 */
export function drawCropFlip(
  { flip = false, crop = 0 }: CropFlipOptions,
  seed: number,
  at: { epoch: number; batch: number; sample: number },
): Draw {
  const stream = new Stream(seed, Purpose.augment, at);
  const dy = stream.below(2 * crop + 1) - crop;
  const dx = stream.below(2 * crop + 1) - crop;
  const mirrored = stream.uniform() < 0.5;
  return { dy, dx, flip: flip && mirrored };
}

/** Writes the drawn version of an image (uint8 RGB, HWC) to `out`, which has its size and may hold anything. */
export function applyCropFlip(image: Decoded, { dy, dx, flip }: Draw, out: Uint8Array): void {
  const { pixels, height, width } = image;
  out.fill(0);
  if (Math.abs(dx) >= width) return;
  const from = Math.max(0, dx); // columns of the input that stay: from … to − 1
  const to = Math.min(width, width + dx);
  for (let row = Math.max(0, -dy); row < Math.min(height, height - dy); row++) {
    const line = (row + dy) * width;
    const kept = pixels.subarray((line + from) * 3, (line + to) * 3);
    out.set(kept, (row * width + from - dx) * 3);
    if (flip) mirror(out.subarray(row * width * 3, (row + 1) * width * 3));
  }
}

/** Reverses a row of RGB pixels in place. */
function mirror(row: Uint8Array): void {
  for (let left = 0, right = row.length - 3; left < right; left += 3, right -= 3) {
    for (let channel = 0; channel < 3; channel++) {
      const kept = row[left + channel];
      row[left + channel] = row[right + channel];
      row[right + channel] = kept;
    }
  }
}
