/**
 * Whether the colour profile in a JPEG file may be ignored, because it is the usual one of sRGB: all images are
 * decoded to sRGB.
 */
import { createHash } from 'node:crypto';

const START_OF_SCAN = 0xda;
const APP2 = 0xe2;

/**
 * An APP2 segment with a profile begins with this name, one byte with the number of the chunk, and one with
 * their count.
 */
const NAME = Buffer.from('ICC_PROFILE\0', 'latin1');
const BEFORE_PROFILE = NAME.length + 2;

/**
 * The profile "sRGB IEC61966-2.1", which cameras and Photoshop write: its length, and the SHA-256 of what
 * follows its header. The header is left out because the rendering intent in it varies, which a profile of this
 * kind does not use.
 */
const SRGB_LENGTH = 3144;
const HEADER = 128;
const SRGB_DIGEST = '2c4d46e1e255995e1d2592fecec4d8bf7e1dc78179a1cbf2d607301debc630b3';

/**
 * Whether a file is a JPEG whose colour profile is that sRGB one. Applying it changes no pixel and takes as long as
 * decoding the image does, for about one in six photographs of ImageNet.
 */
export function hasUsualProfile(file: Uint8Array): boolean {
  const segment = firstProfileSegment(file);
  if (!segment || segment.length !== BEFORE_PROFILE + SRGB_LENGTH) return false;
  if (segment[BEFORE_PROFILE - 1] !== 1) return false; // one of several chunks
  const body = segment.subarray(BEFORE_PROFILE + HEADER);
  return createHash('sha256').update(body).digest('hex') === SRGB_DIGEST;
}

export function isJpeg(file: Uint8Array): boolean {
  return file[0] === 0xff && file[1] === 0xd8;
}

/** The content of the first APP2 segment that holds a profile, or part of one. */
function firstProfileSegment(file: Uint8Array): Uint8Array | undefined {
  if (!isJpeg(file)) return undefined;
  for (let at = 2; at + 4 <= file.length && file[at] === 0xff; ) {
    const marker = file[at + 1];
    if (marker === START_OF_SCAN) return undefined;
    const end = at + 2 + file[at + 2] * 256 + file[at + 3];
    const content = file.subarray(at + 4, end);
    if (marker === APP2 && NAME.equals(content.subarray(0, NAME.length))) return content;
    at = end;
  }
  return undefined;
}
