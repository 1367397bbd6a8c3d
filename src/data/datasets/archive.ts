/**
 * The index of a tar archive: its files and where their bytes are, so that each can be read without the others.
 */
import path from 'node:path';
import { reasonOf, systemCode } from '../../errors';
import { dataError, systemReason } from '../fail';
import { DEFAULT_LIMITS, type Limits, tooLongLabel } from '../limits';
import { type OpenFile, OpenFiles } from '../open-files';
import type { Problem } from '../source';
import { type LabelText, labelText } from './label-text';
import { idOfLatin1 } from './names';
import { CUT, type Member, members } from './tar-members';

/** Where the bytes of one file are in the archive. */
export interface Extent {
  readonly offset: number;
  readonly size: number;
}

export interface Archive<Kept> {
  /** By id, the name without a leading './'. Of several entries with one name the last is taken, as tar does. */
  readonly files: ReadonlyMap<string, Extent>;
  /** By id, what was kept of the texts of the files that `wanted` chose. */
  readonly texts: ReadonlyMap<string, Kept>;
  readonly problems: readonly Problem[];
  /** Files among the problems whose folder names a class all the same. */
  readonly unread: readonly string[];
}

export interface ScanOptions<Kept> {
  limits?: Limits;
  archive?: OpenFile;
  /** What to keep of a text: all of them together can be larger than memory. The text itself unless given. */
  keep?: (id: string, text: LabelText) => Kept;
}

/**
 * Reads the archive once. Gives the ids and places of all files, and the texts of those that `wanted` chooses by id.
 * Links within the archive count as files. Members with unsafe names, and sparse ones, become problems.
 * @throws (rejects) SaliencyMixError DATA for a file that is not there, is no tar archive, or is cut short
 */
export async function scanArchive<Kept = LabelText>(
  file: string,
  wanted: (name: string) => boolean,
  options: ScanOptions<Kept> = {},
): Promise<Archive<Kept>> {
  if (options.archive) return scan(options.archive, file, wanted, options);
  const files = new OpenFiles();
  try {
    return await scan(files.file(file), file, wanted, options);
  } finally {
    await files.close();
  }
}

async function scan<Kept>(
  archive: OpenFile,
  file: string,
  wanted: (name: string) => boolean,
  { limits = DEFAULT_LIMITS, keep = (_, text) => text as Kept }: ScanOptions<Kept>,
): Promise<Archive<Kept>> {
  const index = new Index<Kept>();
  let entries = 0;
  try {
    await archive.use(async (handle) => {
      for await (const member of members(handle)) {
        entries++;
        const id = index.add(member);
        if (id === undefined || !wanted(id)) continue;
        const isLong = member.size > limits.maxLabelBytes;
        const fault = () => ({ fault: tooLongLabel(member.size, limits) });
        index.texts.set(id, keep(id, isLong ? fault() : labelText(await member.content())));
      }
    });
  } catch (error) {
    throw unusable(file, error, entries);
  }
  return { files: index.files, texts: index.texts, problems: index.problems(), unread: index.unread() };
}

/** Collects the members. A later member replaces earlier ones of the same name. */
class Index<Kept> {
  readonly files = new Map<string, Extent>();
  readonly texts = new Map<string, Kept>();
  private readonly links = new Map<string, string>();
  private readonly refused = new Map<string, string>();

  /** Returns the id of a plain file, undefined for other members. */
  add({ name: bytes, link, kind, offset, size }: Member): string | undefined {
    if (kind === 'directory') return undefined;
    const unsafe = unsafeReason(bytes);
    const name = unsafe === undefined ? clean(bytes) : bytes;
    const id = idOfLatin1(name);
    if (this.files.delete(id)) this.texts.delete(id);
    this.links.delete(id);
    this.refused.delete(id);
    const reason = unsafe ?? REFUSED[kind];
    if (reason !== undefined) this.refused.set(id, reason);
    else if (kind === 'link')
      this.links.set(id, idOfLatin1(clean(link))); // relative to the archive's root
    else if (kind === 'symlink') {
      this.links.set(id, idOfLatin1(clean(path.posix.join(path.posix.dirname(name), link))));
    } else {
      this.files.set(id, { offset, size });
      return id;
    }
    return undefined;
  }

  /** Files that are refused for the way they are stored, not for their names. */
  unread(): string[] {
    return [...this.refused].filter(([, reason]) => STORED.includes(reason)).map(([id]) => id);
  }

  /** Adds links to `files`, with the place of the file they lead to. Gives what was refused, and links that lead to no file. */
  problems(): Problem[] {
    const problems = Array.from(this.refused, ([file, reason]): Problem => ({ file, reason }));
    for (const [name, first] of this.links) {
      let target = first;
      for (let hops = 0; this.links.has(target) && hops < 40; hops++)
        target = this.links.get(target) as string;
      const place = this.files.get(target);
      if (place) this.files.set(name, place);
      else problems.push({ file: name, reason: `is a link to "${first}", which is no file of the archive` });
    }
    return problems;
  }
}

/** Why members of a kind are not read. */
const REFUSED: Partial<Record<Member['kind'], string>> = {
  sparse:
    'is stored as a sparse file, which is not read: make the archive again without --sparse (-S); it is left out',
  part: 'is a part of a file that goes on in another volume of the archive; it is left out',
  other: 'is a device or pipe, not a file; it is left out',
};

/** Reasons that are about storage, not about the name. */
const STORED: readonly (string | undefined)[] = [REFUSED.sparse, REFUSED.part];

/** Why a name is unsafe: unpacked, the file would be outside the chosen folder. A backslash separates folders on Windows only. */
function unsafeReason(name: string): string | undefined {
  const advice = 'make the archive again with names inside it; it is left out';
  if (/^(\/|[A-Za-z]:[\\/])/.test(name)) return `is unsafe: its name is absolute; ${advice}`;
  if (/^\.\.\\|(^|\/)\.\.(\/|$)/.test(name))
    return `is unsafe: its name has "..", which leads out of a folder; ${advice}`;
  return undefined;
}

function unusable(file: string, error: unknown, entries: number): Error {
  if (systemCode(error)) return dataError(file, `cannot be read: ${systemReason(error)}`, error);
  const reason = reasonOf(error);
  if (entries > 0 || reason.startsWith(CUT)) {
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

function clean(name: string): string {
  return path.posix.normalize(name).replace(/^\.?\//, '');
}
