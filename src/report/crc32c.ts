/** CRC-32C (Castagnoli), the checksum of RFC 3720 (iSCSI) and of TFRecord files. */

/**
 * 0x1EDC6F41 of RFC 3720, section 12.1, with its bits reversed, since each byte is read from its lowest bit on.
 */
const POLYNOMIAL = 0x82f63b78;

/** The remainder of each byte after eight steps of the division. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
  return rest;
});

/** The checksum, 0 to 2^32 - 1. */
export function crc32c(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) rest = TABLE[(rest ^ byte) & 0xff] ^ (rest >>> 8);
  return ~rest >>> 0;
}
