/** Tar archives written byte by byte, for names that no library writes: not UTF-8, absolute, with "..", too long. */

export interface RawEntry {
  name: Buffer | string;
  content?: Uint8Array | string;
  /** The type flag; '0' is a file. */
  flag?: string;
  link?: Buffer | string;
  /** How a name is written: in the header alone, in GNU's long name before it, or in a pax header. */
  as?: 'plain' | 'gnu' | 'pax';
  /** Further pax records. */
  pax?: Record<string, string>;
  /** Changes the finished header; its checksum is made after that. */
  edit?: (header: Buffer) => void;
}

const BLOCK = 512;

function header(name: Buffer, size: number, flag: string, link = Buffer.alloc(0), edit?: RawEntry['edit']) {
  const block = Buffer.alloc(BLOCK);
  name.copy(block, 0, 0, 100);
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.write(flag, 156);
  link.copy(block, 157, 0, 100);
  block.write('ustar\x0000', 257, 'latin1');
  edit?.(block);
  block.write('        ', 148);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function padded(content: Uint8Array): Buffer {
  return Buffer.concat([content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)]);
}

function record(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** The bytes of one entry, its extended headers before it. */
export function rawEntry({
  name,
  content = '',
  flag = '0',
  link,
  as = 'plain',
  pax = {},
  edit,
}: RawEntry): Buffer {
  const bytes = Buffer.from(name as string);
  const data = Buffer.from(content as string);
  const parts: Buffer[] = [];
  const records = Object.entries(pax).map(([key, value]) => record(key, Buffer.from(value, 'latin1')));
  if (as === 'pax') records.push(record('path', bytes));
  if (as === 'gnu') {
    const long = Buffer.concat([bytes, Buffer.alloc(1)]);
    parts.push(header(Buffer.from('././@LongLink'), long.length, 'L'), padded(long));
  }
  if (records.length > 0) {
    const body = Buffer.concat(records);
    parts.push(header(Buffer.from('PaxHeader'), body.length, 'x'), padded(body));
  }
  const target = link === undefined ? undefined : Buffer.from(link as string);
  parts.push(
    header(as === 'pax' ? Buffer.from('short') : bytes, data.length, flag, target, edit),
    padded(data),
  );
  return Buffer.concat(parts);
}

/** An archive, with the two blocks of zeros at its end. */
export function rawTar(entries: readonly RawEntry[]): Buffer {
  return Buffer.concat([...entries.map(rawEntry), Buffer.alloc(2 * BLOCK)]);
}
