/**
 * The index of one tar archive: which files it holds and where their bytes lie, so that any can be read on
 * its own.
 */
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { extract, type Header } from 'tar-stream';
import { reasonOf, systemCode } from '../../errors';
import { dataError, systemReason } from '../fail';
import type { Problem } from '../source';

/** Bytes of one file inside the archive. */
export interface Extent {
  readonly offset: number;
  readonly size: number;
}

export interface Archive {
  /** By name, without a leading './'. Of entries with the same name the last counts, as for tar itself. */
  readonly files: ReadonlyMap<string, Extent>;
  /** The text of the small files that `wanted` chose. */
  readonly texts: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

/** Small files kept while scanning are labels; anything larger is not one. */
const LARGEST_TEXT = 1 << 20;

/** Read size of the scan. Larger than Node's 64 kB, as the scan does nothing but stream. */
const READ = 1 << 20;

/**
 * Streams the archive once and keeps names, places and the texts of the files that `wanted` chooses by name; links
 * inside the archive are resolved. Throws DATA for a file that is not there, not a tar archive, or cut short.
 */
export async function scanArchive(file: string, wanted: (name: string) => boolean): Promise<Archive> {
  const files = new Map<string, Extent>();
  const texts = new Map<string, string>();
  const links = new Map<string, string>();
  await eachEntry(file, (header, place) => {
    const name = clean(header.name);
    const target = linkTarget(name, header);
    links.delete(name);
    files.delete(name);
    if (target !== undefined) links.set(name, target);
    if (header.type !== 'file' && header.type !== 'contiguous-file') return undefined;
    files.set(name, place);
    if (!wanted(name) || header.size > LARGEST_TEXT) return undefined;
    return (text) => texts.set(name, text);
  });
  return { files, texts, problems: resolveLinks(links, files) };
}

/** Called for every entry; a function in return is given the entry's content as text. */
type Visit = (header: Header, place: Extent) => ((text: string) => void) | undefined;

async function eachEntry(file: string, visit: Visit): Promise<void> {
  // Archives older than ustar have no mark of their kind; their checksums are verified all the same.
  const parser = extract({ allowUnknownFormat: true } as object);
  const input = createReadStream(file, { highWaterMark: READ });
  let entries = 0;
  await new Promise<void>((resolve, reject) => {
    input.on('error', reject);
    parser.on('error', reject);
    parser.on('finish', () => resolve());
    parser.on('entry', (header, content, next) => {
      entries++;
      // tar-stream 3 tells where the content starts, but its types do not.
      const { byteOffset } = header as Header & { byteOffset: number };
      const take = visit(header, { offset: byteOffset, size: header.size });
      const chunks: Uint8Array[] = [];
      content.on('data', (chunk) => {
        if (take) chunks.push(chunk as Uint8Array);
      });
      content.on('end', () => {
        take?.(Buffer.concat(chunks).toString('utf8'));
        next();
      });
      content.on('error', () => {}); // the parser's own error tells it
      content.resume();
    });
    input.pipe(parser);
  })
    .catch((error: unknown) => {
      throw unusable(file, error, entries);
    })
    .finally(() => {
      input.destroy();
      parser.destroy();
    });
}

function unusable(file: string, error: unknown, entries: number): Error {
  if (systemCode(error)) return dataError(file, `cannot be read: ${systemReason(error)}`, error);
  const reason = reasonOf(error);
  if (entries > 0 || reason === 'Unexpected end of data') {
    return dataError(
      file,
      `is cut short or damaged after ${entries} entries (${reason}); get it again`,
      error,
    );
  }
  return dataError(
    file,
    `cannot be read as a tar archive (${reason}); compressed ones must be unpacked first`,
    error,
  );
}

/** The name in the archive that a link stands for, or undefined for anything else. */
function linkTarget(name: string, { type, linkname }: Header): string | undefined {
  if (type === 'link') return clean(linkname); // counted from the archive's root
  if (type === 'symlink') return clean(path.posix.join(path.posix.dirname(name), linkname));
  return undefined;
}

/** Gives every link the place of the file it leads to; those that lead to none become problems. */
function resolveLinks(links: ReadonlyMap<string, string>, files: Map<string, Extent>): Problem[] {
  const problems: Problem[] = [];
  for (const [name, first] of links) {
    let target = first;
    for (let hops = 0; links.has(target) && hops < 40; hops++) target = links.get(target) as string;
    const place = files.get(target);
    if (place) files.set(name, place);
    else problems.push({ file: name, reason: `is a link to "${first}", which is no file of the archive` });
  }
  return problems;
}

function clean(name: string): string {
  return path.posix.normalize(name).replace(/^\.?\//, '');
}
