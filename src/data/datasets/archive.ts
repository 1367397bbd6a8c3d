/**
 * The index of a tar archive: its files and where their bytes are, so that each can be read without the others.
 */
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { extract, type Header } from 'tar-stream';
import { reasonOf, systemCode } from '../../errors';
import { dataError, systemReason } from '../fail';
import type { Problem } from '../source';

/** Where the bytes of one file are in the archive. */
export interface Extent {
  readonly offset: number;
  readonly size: number;
}

export interface Archive {
  /** By name, without a leading './'. Of several entries with one name the last is taken, as tar does. */
  readonly files: ReadonlyMap<string, Extent>;
  /** By name, the text of the small files that `wanted` chose. */
  readonly texts: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

/** Largest file whose text is kept. The texts are labels, and no label is larger. */
const LARGEST_TEXT = 1 << 20;

/** Bytes per read of the scan: more than Node's 64 kB, since the whole file is read from beginning to end. */
const READ = 1 << 20;

/**
 * Reads the archive once. Gives the names and places of all files, and the texts of those that `wanted` chooses
 * by name. Links within the archive count as files.
 * @throws (rejects) SaliencyMixError DATA for a file that is not there, is no tar archive, or is cut short
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

/** Called for every entry. If it returns a function, that is called with the entry's content as text. */
type Visit = (header: Header, place: Extent) => ((text: string) => void) | undefined;

async function eachEntry(file: string, visit: Visit): Promise<void> {
  // Also read archives in formats older than ustar, which have no magic number. Checksums are verified in any
  // case.
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
      content.on('error', () => {}); // the parser reports the same error
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

/** The name in the archive that a link leads to; undefined for entries that are no links. */
function linkTarget(name: string, { type, linkname }: Header): string | undefined {
  if (type === 'link') return clean(linkname); // relative to the archive's root
  if (type === 'symlink') return clean(path.posix.join(path.posix.dirname(name), linkname));
  return undefined;
}

/**
 * Adds to `files` every link, with the place of the file that it leads to. Links that lead to no file become
 * problems.
 */
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
