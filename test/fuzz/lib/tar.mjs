/** Tar archives entry by entry: written with any header, its checksum right unless it is to be wrong. */
const BLOCK = 512;

const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);

const octal = (value, length) => `${value.toString(8).padStart(length - 1, '0')}\0`;

/** Makes a header's checksum right. */
export function seal(block) {
  block.write('        ', 148);
  block.write(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      7,
    )} `,
    148,
    'latin1',
  );
  return block;
}

export function header(name, size, flag = '0', link = '') {
  const block = Buffer.alloc(BLOCK);
  Buffer.from(name).copy(block, 0, 0, 100);
  block.write('0000644\0', 100);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.write(flag, 156);
  Buffer.from(link).copy(block, 157, 0, 100);
  block.write('ustar\u000000', 257, 'latin1');
  return seal(block);
}

export const entry = (name, content = '', flag = '0', link = '') => {
  const bytes = Buffer.from(content);
  return Buffer.concat([header(name, bytes.length, flag, link), padded(bytes)]);
};

/** A record of a pax header; `length` in place of the right one. */
export function record(key, value, length) {
  const rest = ` ${key}=${value}\n`;
  const size = Buffer.byteLength(rest);
  let whole = size + 1;
  while (String(whole).length + size !== whole) whole = String(whole).length + size;
  return `${length ?? whole}${rest}`;
}

export const archive = (entries) => Buffer.concat([...entries, Buffer.alloc(2 * BLOCK)]);
