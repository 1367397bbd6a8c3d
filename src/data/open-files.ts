/** Random access to many files of which only some are open at a time, since the number of open files is limited. */
import { promises as fs, readFileSync } from 'node:fs';

/** One of the files of OpenFiles. */
export interface OpenFile {
  /**
   * Runs `work` while the file is open; several calls can use it at the same time. Rejects if the file cannot be
   * opened, has changed since it was opened first, or if close() was called.
   */
  use<T>(work: (handle: fs.FileHandle) => Promise<T>): Promise<T>;
}

interface Entry {
  readonly path: string | Buffer;
  handle?: Promise<fs.FileHandle>;
  users: number;
  /** Device, inode, size and time of the file when it was opened first. */
  identity?: string;
}

/** One in so many of the process's file descriptors is used here. */
const SHARE = 4;

/** The limit of file descriptors on macOS, for systems without /proc. */
const USUAL_LIMIT = 256;

/** Files to keep open: a quarter of the limit of this process, from 8 to 1024. */
function usualCount(): number {
  let limit = USUAL_LIMIT;
  try {
    const stated = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    limit = stated ? Number(stated) : limit;
  } catch {} // not Linux
  return Math.max(8, Math.min(1024, Math.floor(limit / SHARE)));
}

export class OpenFiles {
  /** The files that are open or being opened, in the order of their last use. */
  private readonly open = new Set<Entry>();
  private readonly waiting: (() => void)[] = [];
  private closed = false;

  /** @param most files open at a time */
  constructor(private readonly most = usualCount()) {}

  /** Adds a file. It is opened when it is used. */
  file(path: string | Buffer): OpenFile {
    const entry: Entry = { path, users: 0 };
    return { use: (work) => this.use(entry, work) };
  }

  /** Closes all files, after reads that are in progress. May be called twice. */
  async close(): Promise<void> {
    this.closed = true;
    for (const wake of this.waiting.splice(0)) wake();
    await Promise.all(Array.from(this.open, (entry) => this.closeEntry(entry)));
  }

  private async use<T>(entry: Entry, work: (handle: fs.FileHandle) => Promise<T>): Promise<T> {
    if (this.closed) throw new Error('the files are closed');
    entry.users++;
    try {
      if (entry.handle) {
        if (this.open.delete(entry)) this.open.add(entry); // moves to the end
      } else entry.handle = this.openEntry(entry);
      return await work(await entry.handle);
    } finally {
      if (--entry.users === 0) this.waiting.shift()?.();
    }
  }

  private async openEntry(entry: Entry): Promise<fs.FileHandle> {
    try {
      await this.makeRoom(entry);
      return await opened(entry);
    } catch (error) {
      this.open.delete(entry);
      entry.handle = undefined;
      throw error;
    }
  }

  /** Makes room for one more open file: closes the one that was not used for longest, or waits until one is idle. */
  private async makeRoom(entry: Entry): Promise<void> {
    while (this.open.size >= this.most) {
      const idle = this.firstIdle();
      if (idle) {
        this.open.delete(idle);
        this.open.add(entry); // before the await, so that no other call takes the place
        await this.closeEntry(idle);
        return;
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
      if (this.closed) throw new Error('the files are closed');
    }
    this.open.add(entry);
  }

  private firstIdle(): Entry | undefined {
    for (const entry of this.open) if (entry.users === 0) return entry;
    return undefined;
  }

  private async closeEntry(entry: Entry): Promise<void> {
    this.open.delete(entry);
    const { handle } = entry;
    entry.handle = undefined;
    await handle?.then(
      (file) => file.close(),
      () => {}, // the call that opened it has the error
    );
  }
}

/** Opens a file. Rejects if it has changed since it was opened first, as the index of its content would be wrong. */
async function opened(entry: Entry): Promise<fs.FileHandle> {
  const handle = await fs.open(entry.path);
  try {
    const { dev, ino, size, mtimeMs } = await handle.stat();
    const identity = [dev, ino, size, mtimeMs].join();
    entry.identity ??= identity;
    if (entry.identity === identity) return handle;
    throw new Error('it has changed since it was opened first');
  } catch (error) {
    await handle.close();
    throw error;
  }
}
