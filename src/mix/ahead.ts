/** Draws the next batch while native code mixes the current one. */
import type { DrawAddress, DrawShape, DrawnBatch } from './draw';
import { parts } from './parts';

type DrawFunction = (shape: DrawShape, address: DrawAddress) => DrawnBatch;

interface Expected {
  readonly shape: DrawShape;
  readonly address: DrawAddress;
  readonly drawn: DrawnBatch;
}

/**
 * The address of the next batch. Written out, so that V8 gives it the same hidden class as the mixer's own
 * addresses.
 */
function after({ seed, epoch, batch }: DrawAddress): DrawAddress {
  return { seed, epoch, batch: batch + 1 };
}

function sameBatch(a: DrawAddress, b: DrawAddress): boolean {
  return a.seed === b.seed && a.epoch === b.epoch && a.batch === b.batch;
}

/**
 * Whether a draw for one also fits the other. Never where slots are empty: the next batch has other empty ones.
 */
function sameShape(a: DrawShape, b: DrawShape): boolean {
  const complete = a.slots === undefined && b.slots === undefined;
  return complete && a.count === b.count && a.height === b.height && a.width === b.width;
}

/**
 * Draws batches. Where two batches of one shape follow one another, it also draws the one after them, in the
 * time in which the JavaScript thread would only wait for native code. A draw depends on its address alone, so
 * a draw made ahead has the same numbers.
 */
export class DrawAhead {
  readonly #draw: DrawFunction;
  #last?: Omit<Expected, 'drawn'>;
  #expected?: Expected;
  #inRow = false;

  constructor(draw: DrawFunction) {
    this.#draw = draw;
  }

  /** The draw of a batch. It is given out only once, because placing completes it in place. */
  take(shape: DrawShape, address: DrawAddress): DrawnBatch {
    const expected = this.#expected;
    const last = this.#last;
    this.#expected = undefined;
    this.#last = { shape, address };
    this.#inRow =
      last !== undefined && sameShape(last.shape, shape) && sameBatch(after(last.address), address);
    const found =
      expected !== undefined && sameShape(expected.shape, shape) && sameBatch(expected.address, address);
    return found ? expected.drawn : this.#draw(shape, address);
  }

  /** Draws the batch after the one taken last, if that one followed the one before it. */
  drawNext(): void {
    if (!parts.drawAhead || !this.#inRow || this.#last === undefined || this.#expected !== undefined) return;
    const { shape, address } = this.#last;
    const next = after(address);
    try {
      this.#expected = { shape, address: next, drawn: this.#draw(shape, next) };
    } catch {
      // Out of memory. The call that needs this draw makes it again, and throws if it still fails.
    }
  }
}
