/**
 * Reads the members of a tar archive in the POSIX (ustar, pax), GNU and older formats. No library does what is needed
 * here: they decode names as text, so that two names that are not UTF-8 become the same; they do not know GNU's
 * sparse files, and lose their place after one; and they reject text after the end of an archive.
 * Formats: POSIX.1-2017, `pax`; the manual of GNU tar, "Basic Tar Format" and "Storing Sparse Files".
 */
import type { promises as fs } from 'node:fs';
import { idOfLatin1 } from './names';

export interface Member {
  /** The name, and the target of a link. Their bytes are the code units of these strings ('latin1'). */
  readonly name: string;
  readonly link: string;
  /** `sparse`: stored without its holes, by GNU tar. `part`: the rest of a file of another volume. `other`: a device or pipe. */
  readonly kind: 'file' | 'link' | 'symlink' | 'directory' | 'sparse' | 'part' | 'other';
  /** Position of the content in the archive. */
  readonly offset: number;
  readonly size: number;
  /** The content. The buffer is valid until the next member is read. */
  content(): Promise<Buffer>;
}

/** The file is damaged or no tar archive. */
export class TarError extends Error {}

/** What is wrong with an archive that ends too early. */
export const CUT = 'Unexpected end of data';

const BLOCK = 512;

/** Bytes per read: many small members at once. Content of large members is skipped. */
const READ = 1 << 20;

/** Largest extended header. They have names and times; anything larger is damage. */
const LARGEST_HEADER = 1 << 22;

/** By type flag. All others are plain files, as POSIX requires. */
const KINDS: Readonly<Record<string, Member['kind'] | 'none'>> = {
  '1': 'link',
  '2': 'symlink',
  '3': 'other',
  '4': 'other',
  '5': 'directory',
  '6': 'other',
  D: 'directory', // GNU's, with a list of its files as content
  M: 'part',
  S: 'sparse',
  V: 'none', // the name of a volume
};

/** What extended headers state about the next member. */
interface Extended {
  path?: string;
  link?: string;
  size?: number;
  sparse?: boolean;
}

/**
 * Yields all members in order. The archive ends at the end of the file, or at a block of zeros that is followed by
 * anything but zeros or another header: text after the end is ignored, and concatenated archives are read whole.
 * @throws TarError for a damaged archive
 */
export async function* members(handle: fs.FileHandle): AsyncGenerator<Member, void, undefined> {
  const file = new Window(handle, (await handle.stat()).size);
  let shared: Extended = {};
  let own: Extended = {};
  let ended = false;
  let last: Pick<Member, 'name' | 'size'> | undefined;
  let at = 0;
  while (at + BLOCK <= file.size) {
    const block = file.sees(at, BLOCK) ?? (await file.read(at, BLOCK));
    const raw = parseHeader(block);
    if (raw === 'zeros') {
      ended = true;
      at += BLOCK;
      continue;
    }
    if (!raw) {
      if (ended) return;
      throw new TarError(`there is no tar header at byte ${at}`);
    }
    ended = false;
    at += BLOCK;
    if ('LKNxXg'.includes(raw.flag)) {
      if (raw.size > LARGEST_HEADER) throw new TarError(`the extended header at byte ${at} is too large`);
      const content = await file.read(at, raw.size);
      at += padded(raw.size);
      if (raw.flag === 'g') shared = { ...shared, ...paxRecords(content) };
      else own = { ...own, ...extended(raw.flag, content) };
      continue;
    }
    while (raw.extends) {
      raw.extends = (await file.read(at, BLOCK))[504] !== 0; // another block of the sparse file's map
      at += BLOCK;
    }
    const extra = { ...shared, ...own };
    own = {};
    const kind = kindOf(raw, extra);
    const size = extra.size ?? raw.size;
    if (kind !== 'none') {
      const offset = at;
      const content = () => file.read(offset, size);
      last = { name: extra.path ?? raw.name, size };
      yield { name: last.name, link: extra.link ?? raw.link, kind, offset, size, content };
    }
    if (hasContent(raw, kind, extra)) at += padded(size);
  }
  if (at !== file.size && !ended) throw new TarError(`${CUT}${last && at > file.size ? lacking(last) : ''}`);
}

/** What a member that reaches beyond the end of the archive says of itself. */
const lacking = ({ name, size }: Pick<Member, 'name' | 'size'>) =>
  `: "${idOfLatin1(name).slice(-SHOWN)}" has ${size} bytes by its header`;

/** Of a name in a message: its end. */
const SHOWN = 100;

function kindOf(raw: Header, extra: Extended): Member['kind'] | 'none' {
  const kind = KINDS[raw.flag] ?? 'file';
  if (kind !== 'file') return kind;
  if (extra.sparse) return 'sparse';
  return raw.flag !== '7' && (extra.path ?? raw.name).endsWith('/') ? 'directory' : 'file'; // the oldest format has no flag for directories
}

/** Directories and hard links can state a size without having content; hard links with a size in a pax header have it. */
function hasContent(raw: Header, kind: Member['kind'] | 'none', extra: Extended): boolean {
  if (kind === 'directory') return raw.flag === 'D';
  return kind !== 'link' || extra.size !== undefined;
}

interface Header {
  name: string;
  link: string;
  flag: string;
  size: number;
  /** Whether more blocks of a sparse file's map follow. */
  extends: boolean;
}

function parseHeader(block: Buffer): Header | 'zeros' | undefined {
  let sum = 8 * 32; // the bytes of the checksum itself count as blanks
  let signed = sum;
  for (let i = 0; i < BLOCK; i++) {
    if (i === 148) i = 156;
    sum += block[i];
    signed += block[i] < 128 ? block[i] : block[i] - 256; // some old programs added signed bytes
  }
  const stated = numberAt(block, 148, 8);
  if (sum === 256 && block.every((byte) => byte === 0)) return 'zeros';
  if (stated !== sum && stated !== signed) return undefined;
  const size = numberAt(block, 124, 12);
  if (!(size >= 0 && Number.isSafeInteger(size))) return undefined;
  const magic = block.toString('latin1', 257, 263);
  const prefix = magic === 'ustar\0' ? textAt(block, 345, 155) : '';
  const name = textAt(block, 0, 100);
  const flag = String.fromCharCode(block[156]);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    link: textAt(block, 157, 100),
    flag,
    size,
    extends: flag === 'S' && block[482] !== 0,
  };
}

/** The bytes up to the first zero byte. */
function textAt(block: Buffer, from: number, length: number): string {
  const end = block.indexOf(0, from);
  return block.toString('latin1', from, end < 0 ? from + length : Math.min(end, from + length));
}

/** A number in octal digits, or, where the first bit is set, GNU's big-endian binary. NaN for anything else. */
function numberAt(block: Buffer, from: number, length: number): number {
  if (block[from] & 0x80) {
    if (block[from] !== 0x80) return Number.NaN; // negative or too large
    let value = 0;
    for (let i = from + 1; i < from + length; i++) value = value * 256 + block[i];
    return value;
  }
  const digits = /^[ \0]*([0-7]*)/.exec(block.toString('latin1', from, from + length))?.[1];
  return digits ? Number.parseInt(digits, 8) : 0;
}

/** The content of an extended header: GNU's long names, or pax records. */
function extended(flag: string, content: Buffer): Extended {
  if (flag === 'L' || flag === 'N') return { path: textAt(content, 0, content.length) };
  if (flag === 'K') return { link: textAt(content, 0, content.length) };
  return paxRecords(content);
}

/** Reads records "LENGTH KEY=VALUE\n". LENGTH is the number of bytes of the whole record. */
function paxRecords(content: Buffer): Extended {
  const found: Extended = {};
  let sparseName: string | undefined;
  for (let at = 0; at < content.length; ) {
    const blank = content.indexOf(0x20, at);
    const length = Number.parseInt(content.toString('latin1', at, blank < 0 ? at : blank), 10);
    if (!(length > 0)) break;
    const record = content.toString('latin1', blank + 1, at + length - 1);
    const cut = record.indexOf('=');
    const [key, value] = [record.slice(0, cut), record.slice(cut + 1)];
    if (key === 'path') found.path = value;
    else if (key === 'linkpath') found.link = value;
    else if (key === 'size') found.size = Number.parseInt(value, 10);
    else if (key.startsWith('GNU.sparse.')) found.sparse = true;
    if (key === 'GNU.sparse.name') sparseName = value;
    at += length;
  }
  if (found.size !== undefined && !(found.size >= 0)) throw new TarError('an extended header states no size');
  return sparseName === undefined ? found : { ...found, path: sparseName };
}

/** A buffered reader of a file. */
class Window {
  #start = 0;
  #bytes = Buffer.alloc(0);
  readonly #memory = Buffer.allocUnsafe(READ);

  constructor(
    private readonly handle: fs.FileHandle,
    readonly size: number,
  ) {}

  /** The bytes, if they are in the buffer. */
  sees(at: number, length: number): Buffer | undefined {
    const from = at - this.#start;
    return from >= 0 && from + length <= this.#bytes.length
      ? this.#bytes.subarray(from, from + length)
      : undefined;
  }

  /** The bytes; valid until the next call. */
  async read(at: number, length: number): Promise<Buffer> {
    const seen = this.sees(at, length);
    if (seen) return seen;
    if (at + length > this.size) throw new TarError(CUT);
    const memory = length > READ ? Buffer.allocUnsafe(length) : this.#memory;
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.handle.read(memory, done, memory.length - done, at + done);
      if (bytesRead === 0) throw new TarError(CUT);
      done += bytesRead;
    }
    this.#start = at;
    this.#bytes = memory.subarray(0, done);
    return this.#bytes.subarray(0, length);
  }
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}
