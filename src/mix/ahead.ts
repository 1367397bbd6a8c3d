/** The draw of the batch that is expected next, made while native code mixes the one before. */
import type { DrawAddress, DrawShape, DrawnBatch } from './draw';

type DrawFunction = (shape: DrawShape, address: DrawAddress) => DrawnBatch;

interface Expected {
  readonly shape: DrawShape;
  readonly address: DrawAddress;
  readonly drawn: DrawnBatch;
}

/** Written out: of another shape than the mixer's own, it would make the drawing functions slower for both. */
function after({ seed, epoch, batch }: DrawAddress): DrawAddress {
  return { seed, epoch, batch: batch + 1 };
}

function sameBatch(a: DrawAddress, b: DrawAddress): boolean {
  return a.seed === b.seed && a.epoch === b.epoch && a.batch === b.batch;
}

/** Where images are missing, they are others in the next batch. */
function sameShape(a: DrawShape, b: DrawShape): boolean {
  const whole = a.slots === undefined && b.slots === undefined;
  return whole && a.count === b.count && a.height === b.height && a.width === b.width;
}

/**
 * Draws batches, and where they come one after the other, of one shape, the next one ahead: a thread that waits for native
 * code has nothing else to do. A draw depends on its address alone, so whether it was expected changes no number.
 */
export class DrawAhead {
  readonly #draw: DrawFunction;
  #last?: Omit<Expected, 'drawn'>;
  #expected?: Expected;
  #inRow = false;

  constructor(draw: DrawFunction) {
    this.#draw = draw;
  }

  /** The batch's draw, for whoever asks first: it is completed in place. */
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

  /** Draws the batch after the one taken last, if that one came after another. */
  drawNext(): void {
    if (!this.#inRow || this.#last === undefined || this.#expected !== undefined) return;
    const { shape, address } = this.#last;
    const next = after(address);
    try {
      this.#expected = { shape, address: next, drawn: this.#draw(shape, next) };
    } catch {
      // For want of memory. The call that needs it will say so, if it still fails then; this one has its own.
    }
  }
}
