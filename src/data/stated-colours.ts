/**
 * Colours that a file states by numbers (CICP) and not by a profile: PNG's chunk cICP, AVIF's box nclx. sharp applies profiles
 * only. Numbers: ITU-T H.273, tables 2 and 3; PNG 3rd edition, 11.3.2.6; ISO/IEC 23008-12 (colr).
 */
import { kindOfBytes } from './image-kinds';

/** By the number of the primaries; of what is not listed (1: those of sRGB, 2: not stated) there is nothing to say. */
const PRIMARIES: Readonly<Record<number, string>> = { 9: 'BT.2020', 11: 'DCI-P3', 12: 'Display P3' };
/** By the number of the transfer function, whatever the primaries. */
const TRANSFERS: Readonly<Record<number, string>> = { 8: 'linear', 16: 'HDR (PQ)', 18: 'HDR (HLG)' };

/** What the file says that its colours are, where that is not sRGB and there is no profile beside it. */
export function statedColours(file: Uint8Array): string | undefined {
  const numbers = numbersIn(file);
  if (!numbers) return undefined;
  const [primaries, transfer] = numbers;
  const words = [PRIMARIES[primaries], TRANSFERS[transfer]].filter(Boolean);
  return words.length > 0 ? words.join(', ') : undefined;
}

function numbersIn(file: Uint8Array): [primaries: number, transfer: number] | undefined {
  const kind = kindOfBytes(file)?.name;
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (kind === 'PNG') {
    const pixels = bytes.indexOf('IDAT');
    const head = bytes.subarray(0, pixels < 0 ? undefined : pixels);
    const at = head.indexOf('cICP') + 4;
    return at < 4 || at + 2 > head.length || head.includes('iCCP') ? undefined : [head[at], head[at + 1]];
  }
  if (kind !== 'AVIF' || bytes.includes('colrprof') || bytes.includes('colrrICC')) return undefined;
  const at = bytes.indexOf('colrnclx') + 8;
  return at < 8 || at + 4 > bytes.length ? undefined : [bytes.readUInt16BE(at), bytes.readUInt16BE(at + 2)];
}
