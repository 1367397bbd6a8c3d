/** A progress bar on a terminal, redrawn in place. */
import { clearLine, cursorTo } from 'node:readline';
import type { WriteStream } from 'node:tty';
import { duration } from '../report/figures';

/** Redrawing more often than this would only flicker. */
const MILLISECONDS_BETWEEN = 100;

/** What a bar shows: the progress, and words before and after it. */
export interface Shown {
  done: number;
  /** What of it had been done before this run; that of the first draw unless given. */
  doneBefore?: number;
  total: number;
  before?: string;
  after: string;
}

/** "████░░░░ 50 %, words | 1 min 5 s left". */
export function barText(
  { done, total, before = '', after }: Shown,
  width: number,
  secondsLeft: number,
): string {
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const full = Math.round(share * width);
  const bar = `${'█'.repeat(full)}${'░'.repeat(width - full)}`;
  return `${before}${bar} ${Math.floor(100 * share)} % | ${after} | ${duration(secondsLeft)} left`;
}

/** A bar that begins at `done` of the first `draw`. `end` leaves its last state on a line of its own. */
export class Bar {
  readonly #stream: WriteStream;
  readonly #width: number;
  readonly #start = Date.now();
  #first: number | undefined;
  #last: Shown | undefined;
  #drawnAt = 0;

  constructor(stream: WriteStream, width: number) {
    this.#stream = stream;
    this.#width = width;
  }

  draw(shown: Shown): void {
    this.#first ??= shown.done;
    this.#last = shown;
    if (Date.now() - this.#drawnAt >= MILLISECONDS_BETWEEN) this.#redraw(shown);
  }

  end(): void {
    if (!this.#last) return;
    this.#redraw(this.#last);
    this.#stream.write('\n');
    this.#last = undefined;
  }

  #redraw(shown: Shown): void {
    this.#drawnAt = Date.now();
    const done = shown.done - (shown.doneBefore ?? this.#first ?? 0);
    const left = ((this.#drawnAt - this.#start) / 1000 / done) * (shown.total - shown.done);
    const text = barText(shown, this.#width, left);
    cursorTo(this.#stream, 0);
    clearLine(this.#stream, 1);
    // Cut to one line: a line that wraps could not be redrawn.
    this.#stream.write(text.slice(0, (this.#stream.columns || 80) - 1));
  }
}
