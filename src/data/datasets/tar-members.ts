/**
 * The members of a tar archive: POSIX (ustar, pax), GNU and older ones. Read here and not by a library, because those at
 * hand turn names into text (two names that are not UTF-8 become one), do not know GNU's sparse files, and fail at
 * what may follow the end of an archive. Formats: POSIX.1-2017 `pax`, and `tar.h` in the manual of GNU tar.
 */
import type { promises as fs } from 'node:fs';

export interface Member {
  /** Name and target of a link: bytes, each one code unit ('latin1'). */
  readonly name: string;
  readonly link: string;
  /** `sparse`: its holes are left out, GNU's way. `part`: goes on from, or in, another volume. `other`: a device or pipe. */
  readonly kind: 'file' | 'link' | 'symlink' | 'directory' | 'sparse' | 'part' | 'other';
  /** Where its content lies in the archive. */
  readonly offset: number;
  readonly size: number;
  /** That content, valid until the next member is asked for. */
  content(): Promise<Buffer>;
}

/** An archive that is damaged or none; the message is the reason. */
export class TarError extends Error {}

const BLOCK = 512;

/** Bytes read at once. Headers of small files lie close together; what is larger than this is skipped. */
const READ = 1 << 20;

/** Extended headers hold names and times; larger ones are damaged. */
const LARGEST_HEADER = 1 << 22;

/** By type flag; what is not listed is a plain file, as POSIX asks. */
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

/** What extended headers say of the members that follow. */
interface Extended {
  path?: string;
  link?: string;
  size?: number;
  sparse?: boolean;
}

/**
 * Each member in order. An archive ends at its end, or where after a block of zeros comes no header: whatever text follows
 * is not looked at, but archives that were put one after another are read on. @throws TarError for what is damaged.
 */
export async function* members(handle: fs.FileHandle): AsyncGenerator<Member, void, undefined> {
  const file = new Window(handle, (await handle.stat()).size);
  let shared: Extended = {};
  let own: Extended = {};
  let ended = false;
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
      raw.extends = (await file.read(at, BLOCK))[504] !== 0; // more of a sparse file's map
      at += BLOCK;
    }
    const extra = { ...shared, ...own };
    own = {};
    const kind = kindOf(raw, extra);
    const size = extra.size ?? raw.size;
    if (kind !== 'none') {
      const offset = at;
      const content = () => file.read(offset, size);
      yield { name: extra.path ?? raw.name, link: extra.link ?? raw.link, kind, offset, size, content };
    }
    if (hasContent(raw, kind, extra)) at += padded(size);
  }
  if (at !== file.size && !ended) throw new TarError('Unexpected end of data');
}

function kindOf(raw: Header, extra: Extended): Member['kind'] | 'none' {
  const kind = KINDS[raw.flag] ?? 'file';
  if (kind !== 'file') return kind;
  if (extra.sparse) return 'sparse';
  return raw.flag !== '7' && (extra.path ?? raw.name).endsWith('/') ? 'directory' : 'file'; // how tar wrote them at first
}

/** Directories and hard links may state a size and have no content; of pax's links the extended header tells. */
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
  let sum = 8 * 32; // the field of the sum itself counts as blanks
  let signed = sum;
  for (let i = 0; i < BLOCK; i++) {
    if (i === 148) i = 156;
    sum += block[i];
    signed += block[i] < 128 ? block[i] : block[i] - 256; // how some old ones counted
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

/** Up to the first zero byte. */
function textAt(block: Buffer, from: number, length: number): string {
  const end = block.indexOf(0, from);
  return block.toString('latin1', from, end < 0 ? from + length : Math.min(end, from + length));
}

/** Octal digits, or, with the first bit set, GNU's big-endian binary; NaN where it is neither. */
function numberAt(block: Buffer, from: number, length: number): number {
  if (block[from] & 0x80) {
    if (block[from] !== 0x80) return Number.NaN; // negative, or beyond what a file can have
    let value = 0;
    for (let i = from + 1; i < from + length; i++) value = value * 256 + block[i];
    return value;
  }
  const digits = /^[ \0]*([0-7]*)/.exec(block.toString('latin1', from, from + length))?.[1];
  return digits ? Number.parseInt(digits, 8) : 0;
}

/** What a header in front of its member says: GNU's long names, or pax records. */
function extended(flag: string, content: Buffer): Extended {
  if (flag === 'L' || flag === 'N') return { path: textAt(content, 0, content.length) };
  if (flag === 'K') return { link: textAt(content, 0, content.length) };
  return paxRecords(content);
}

/** Records "LENGTH KEY=VALUE\n", the length that of the whole record in bytes. */
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

/** What is read of a file, a piece at a time. */
class Window {
  #start = 0;
  #bytes = Buffer.alloc(0);
  readonly #memory = Buffer.allocUnsafe(READ);

  constructor(
    private readonly handle: fs.FileHandle,
    readonly size: number,
  ) {}

  /** The bytes, where they have been read already. */
  sees(at: number, length: number): Buffer | undefined {
    const from = at - this.#start;
    return from >= 0 && from + length <= this.#bytes.length
      ? this.#bytes.subarray(from, from + length)
      : undefined;
  }

  /** Valid until the next call. */
  async read(at: number, length: number): Promise<Buffer> {
    const seen = this.sees(at, length);
    if (seen) return seen;
    if (at + length > this.size) throw new TarError('Unexpected end of data');
    const memory = length > READ ? Buffer.allocUnsafe(length) : this.#memory;
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.handle.read(memory, done, memory.length - done, at + done);
      if (bytesRead === 0) throw new TarError('Unexpected end of data');
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
