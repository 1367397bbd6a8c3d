/**
 * File names as bytes, and as the text of ids. File systems and tar archives store names as bytes, which need not
 * be valid UTF-8. An id shows invalid bytes as escapes: `caf/\xE9.png`. Different names have different ids, and the
 * bytes of a name can be computed from its id.
 */
import { isUtf8 } from 'node:buffer';

/** An escaped byte. A backslash of the name itself is written `\x5C` where it would look like an escape. */
const ESCAPE = /\\x([0-9A-F]{2})/g;

/** The id of a name that is text. */
export function idOfText(name: string): string {
  return name.includes('\\x') ? name.replaceAll(ESCAPE, '\\x5Cx$1') : name;
}

/** The id of a name that is bytes. */
export function idOfBytes(name: Buffer): string {
  return isUtf8(name) ? idOfText(name.toString('utf8')) : parts(name).join('');
}

/** The id of a name whose bytes are the code units of a string, as in tar-members.ts. */
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

/** Whether an id contains escapes, and so differs from the name. */
export function isEscaped(id: string): boolean {
  return id.includes('\\x') && id.search(ESCAPE) >= 0;
}

/**
 * The name of a class in Unicode's composed form, NFC. `é` can be written as one character or as two; archives made
 * on macOS often have two. Without this the same class would be two.
 */
export function className(name: string): string {
  return name.normalize('NFC');
}

/** Whether a text has no half of a surrogate pair, which JSON can hold and no file can: written as bytes it is another text. */
export const isUnicode = (text: string): boolean => !/\p{Surrogate}/u.test(text);

/** A notice for classes whose name occurs in composed and decomposed form; undefined where there are none. */
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

/** The pieces of an id: valid UTF-8 as text, other bytes as escapes. */
function parts(name: Buffer): string[] {
  const found: string[] = [];
  let run = 0; // start of the valid text that is not in `found` yet
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

/** Length in bytes of the UTF-8 character at `at`; 0 where there is no valid one. */
function sequenceAt(name: Buffer, at: number): number {
  const first = name[at];
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return at + length <= name.length && isUtf8(name.subarray(at, at + length)) ? length : 0;
}
