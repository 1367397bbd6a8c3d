/** Many files that are read at random, few of them open at a time: a process may hold only so many descriptors. */
import { promises as fs, readFileSync } from 'node:fs';

/** One of the files. */
export interface OpenFile {
  /**
   * Runs `work` with the file open; many may use one at the same time. Rejects where the file cannot be opened, is
   * another one than at first, or all files are closed.
   */
  use<T>(work: (handle: fs.FileHandle) => Promise<T>): Promise<T>;
}

interface Entry {
  readonly path: string | Buffer;
  handle?: Promise<fs.FileHandle>;
  users: number;
  /** What told the file from others when it was first opened. */
  identity?: string;
}

/** The descriptors that others of the process may need are left to them. */
const SHARE = 4;

/** Where the system does not tell how many descriptors a process may hold: macOS gives 256. */
const USUAL_LIMIT = 256;

/** A quarter of the descriptors that this process may hold, from 8 to 1024. */
function usualCount(): number {
  let limit = USUAL_LIMIT;
  try {
    const stated = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    limit = stated ? Number(stated) : limit;
  } catch {} // no Linux
  return Math.max(8, Math.min(1024, Math.floor(limit / SHARE)));
}

export class OpenFiles {
  /** Those that are open or being opened, the one that was used last at the end. */
  private readonly open = new Set<Entry>();
  private readonly waiting: (() => void)[] = [];
  private closed = false;

  /** At most `most` files are open. */
  constructor(private readonly most = usualCount()) {}

  /** A file of this group; it is opened when it is first used. */
  file(path: string | Buffer): OpenFile {
    const entry: Entry = { path, users: 0 };
    return { use: (work) => this.use(entry, work) };
  }

  /** Closes all, after what is being read; may be called twice. */
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
        if (this.open.delete(entry)) this.open.add(entry); // now the one used last
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

  /** Takes a place among the open files, that of the idle one used longest ago, or waits until one is idle. */
  private async makeRoom(entry: Entry): Promise<void> {
    while (this.open.size >= this.most) {
      const idle = this.firstIdle();
      if (idle) {
        this.open.delete(idle);
        this.open.add(entry); // before anything is waited for, so that nobody else takes the place
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
      () => {}, // whoever wanted it was told
    );
  }
}

/** Opens a file, and makes sure that it is the one that was opened at first: what was read of it then must still hold. */
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
