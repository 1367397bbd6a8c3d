/** How many scans a JPEG file has: decoders go through the whole image for each of them. */
import { isJpeg } from './jpeg-profile';

/**
 * Progressive files have about ten, and those that are made as small as can be a few dozen. Hundreds, which the format
 * allows, take minutes: a file of 360 kB, of 67 million pixels and 883 empty scans, took 33 seconds.
 */
export const MOST_SCANS = 100;

const START_OF_SCAN = 0xda;

/** Whether a marker stands alone, without a length: TEM, the restarts, and the start of an image. */
const isAlone = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);

/** Whether a file is a JPEG with more scans than any that is made to be looked at. */
export function hasTooManyScans(file: Uint8Array): boolean {
  if (!isJpeg(file)) return false;
  let scans = 0;
  for (let at = 2; at + 4 <= file.length; ) {
    const marker = file[at + 1];
    if (file[at] !== 0xff || marker === 0x00 || marker === 0xff || isAlone(marker)) {
      // Data of a scan, or bytes between the markers: on to the next that may be one.
      at = file.indexOf(0xff, at + 1);
      if (at < 0) return false;
      continue;
    }
    if (marker === START_OF_SCAN && ++scans > MOST_SCANS) return true;
    at += 2 + file[at + 2] * 256 + file[at + 3];
  }
  return false;
}
