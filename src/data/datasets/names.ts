/**
 * Names of files as bytes and as text. A file system and a tar archive hold names as bytes, which need not be UTF-8. An id is
 * text: where bytes are no UTF-8 it shows them escaped, as `caf/\xE9.png`. Different bytes have different ids, and an id
 * gives its bytes back.
 */
import { isUtf8 } from 'node:buffer';

/** What an id shows for a byte; `\x5C` stands for a backslash that would otherwise read like the start of one. */
const ESCAPE = /\\x([0-9A-F]{2})/g;

/** The id of a name that is text. */
export function idOfText(name: string): string {
  return name.includes('\\x') ? name.replaceAll(ESCAPE, '\\x5Cx$1') : name;
}

/** The id of a name that is bytes. */
export function idOfBytes(name: Buffer): string {
  return isUtf8(name) ? idOfText(name.toString('utf8')) : parts(name).join('');
}

/** The id of a name that is bytes, each of them one code unit, as tar-members.ts gives them. */
export function idOfLatin1(name: string): string {
  for (let i = 0; i < name.length; i++) {
    if (name.charCodeAt(i) > 0x7f) return idOfBytes(Buffer.from(name, 'latin1'));
  }
  return idOfText(name);
}

/** The bytes that an id stands for. */
export function bytesOfId(id: string): Buffer {
  const pieces: Buffer[] = [];
  let done = 0;
  for (const match of id.matchAll(ESCAPE)) {
    pieces.push(Buffer.from(id.slice(done, match.index), 'utf8'), Buffer.from(match[1], 'hex'));
    done = match.index + match[0].length;
  }
  return Buffer.concat([...pieces, Buffer.from(id.slice(done), 'utf8')]);
}

/** Whether an id shows bytes escaped, so that it is not the name itself. */
export function isEscaped(id: string): boolean {
  return id.includes('\\x') && id.search(ESCAPE) >= 0;
}

/**
 * A class's name as it is compared and shown: composed (Unicode NFC), as `é` can be one character or two. macOS writes
 * folder names in two, most other systems in one.
 */
export function className(name: string): string {
  return name.normalize('NFC');
}

/** What to say of classes that were spelled in more than one way, in one line; undefined where none was. */
export function spellingNotice(spellings: Iterable<string>): string | undefined {
  const seen = new Map<string, Set<string>>();
  for (const name of new Set(spellings)) {
    const own = seen.get(className(name));
    if (own) own.add(name);
    else seen.set(className(name), new Set([name]));
  }
  const several = [...seen].filter(([, own]) => own.size > 1).map(([name]) => `"${name}"`);
  if (several.length === 0) return undefined;
  return `${several.slice(0, 3).join(', ')}${several.length > 3 ? `, … (${several.length} classes)` : ''}: written in composed and in decomposed characters (Unicode NFC and NFD); taken as one class each`;
}

/** Runs of UTF-8 as text and other bytes as escapes. */
function parts(name: Buffer): string[] {
  const found: string[] = [];
  let run = 0; // where the text that is not yet in `found` begins
  for (let at = 0; at < name.length; ) {
    const length = sequenceAt(name, at);
    if (length > 0) {
      at += length;
      continue;
    }
    found.push(idOfText(name.toString('utf8', run, at)));
    found.push(`\\x${name[at].toString(16).toUpperCase().padStart(2, '0')}`);
    run = ++at;
  }
  found.push(idOfText(name.toString('utf8', run)));
  return found;
}

/** Length of the character of UTF-8 that begins there, 0 where none does. */
function sequenceAt(name: Buffer, at: number): number {
  const first = name[at];
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return at + length <= name.length && isUtf8(name.subarray(at, at + length)) ? length : 0;
}
