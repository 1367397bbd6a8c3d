/** Whether a file may hold colours of more than 8 bits with a profile: a look at its first bytes, for few that a decoder must ask. */
import { kindOfBytes } from './image-kinds';
import { tiffHeader } from './tiff-header';

/** Where a PNG's header has its bits a sample. */
const PNG_DEPTH = 24;

/** No JPEG, WebP or GIF that is decoded has more than 8 bits. False only where there is no such thing. */
export function mayHaveDeepProfile(file: Uint8Array): boolean {
  const kind = kindOfBytes(file)?.name;
  if (kind === 'PNG') return file[PNG_DEPTH] === 16 && pngHasProfile(file);
  if (kind === 'TIFF') {
    const header = tiffHeader(file);
    return header !== undefined && header.bits > 8 && header.hasProfile;
  }
  return kind === 'AVIF' && avifHasProfile(file);
}

/** Before the pixels, as a profile has to stand there. */
function pngHasProfile(file: Uint8Array): boolean {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const pixels = bytes.indexOf('IDAT');
  return bytes.subarray(0, pixels < 0 ? undefined : pixels).includes('iCCP');
}

/** A box of colour information that holds a profile, of either kind, rather than numbers. */
function avifHasProfile(file: Uint8Array): boolean {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  return bytes.includes('colrprof') || bytes.includes('colrrICC');
}
