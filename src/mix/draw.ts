/**
 * Draws all random numbers of a batch: which image is mixed with which, which samples are mixed at all, lambda,
 * and where the patch is. Every number has an address (seed, epoch, batch, sample), see rng.ts.
 */
import type { NativeSamples } from '../native/binding';
import { firstWords } from '../native/first-words';
import { type FirstWords, Purpose, permutation, Stream } from '../rng';
import type { Slots } from '../types';
import { encodeFill, fillOf } from './fill';
import { mixMethods } from './index';
import type { Anchor, MethodDraw, MixMethod } from './method';
import type { MixOptions } from './options';
import {
  type DrawKinds,
  kindsOf,
  newRecords,
  shareFirst,
  writeBoxes,
  writeDraw,
  writePlace,
  writeSource,
  writeTie,
} from './records';

/** A choice among sets of options, each with a weight. */
export interface Choice {
  readonly options: MixOptions;
  readonly weight: number;
}

export interface DrawAddress {
  readonly seed: number;
  readonly epoch: number;
  readonly batch: number;
}

/** A drawn batch whose boxes are not placed yet: native code does that, since it needs the saliency maps. */
export interface DrawnBatch {
  readonly records: NativeSamples;
  /**
   * For each sample, which of the choices it was drawn with: placing needs its options. Undefined where there
   * is only one choice.
   */
  readonly choiceOf?: Uint16Array;
  /** For methods with masks: a number in [0, 1) of the whole batch. */
  readonly u?: number;
}

/** Number and size of the images of a batch that is drawn. */
export interface DrawShape {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** The slots of the images; undefined where no slot is empty. */
  readonly slots?: Slots;
}

/**
 * For each image the position of its source. A seeded permutation of all slots pairs them; where the slot of a
 * source is empty, the next slot with an image is taken, cyclically. Positions count only the images that are
 * there.
 */
function pair({ count, slots }: DrawShape, address: DrawAddress, first?: FirstWords): ArrayLike<number> {
  const order = permutation(slots?.count ?? count, address.seed, Purpose.pairing, address, first);
  if (slots === undefined || slots.count === count) return order;
  const positionOf = new Map(slots.of.map((slot, position) => [slot, position]));
  return slots.of.map((slot) => {
    let partner = order[slot];
    while (!positionOf.has(partner)) partner = (partner + 1) % slots.count;
    return positionOf.get(partner) as number;
  });
}

/** A choice, with its method and what that draws. */
interface Drawable extends Choice {
  readonly method: MixMethod;
  readonly draw: MethodDraw;
  readonly kinds: DrawKinds;
  /** Of erased pixels, as records have it. */
  readonly fill: number;
}

function drawableOf({ options, weight }: Choice): Drawable {
  const method = mixMethods[options.method];
  const draw = method.drawFor(options);
  return { options, weight, method, draw, kinds: kindsOf(draw), fill: encodeFill(fillOf(options)) };
}

/** Draws samples and writes them to the records. One stream object serves all of them, see Stream.moveTo. */
class Drawer {
  readonly #choices: readonly Drawable[];
  readonly #records: NativeSamples;
  readonly #shape: DrawShape;
  readonly #stream: Stream;
  readonly #kept = kindsOf({ kind: 'keep' });

  constructor(
    choices: readonly Drawable[],
    records: NativeSamples,
    shape: DrawShape,
    address: DrawAddress,
    first?: FirstWords,
  ) {
    this.#choices = choices;
    this.#records = records;
    this.#shape = shape;
    const { seed, epoch, batch } = address;
    this.#stream = new Stream(seed, Purpose.choice, { epoch, batch, sample: 0 }, first);
  }

  /** Draws sample i; gives the position of its choice. */
  draw(i: number): number {
    const choice = this.#choose(i);
    const { options, draw, kinds, fill } = this.#choices[choice];
    const { probability, alpha } = options;
    const mixed = probability >= 1 || this.#numbers(Purpose.mixing, i).uniform() < probability;
    if (!mixed || draw.kind === 'keep') {
      writeDraw(this.#records, i, this.#kept, 1, fill);
      return choice;
    }
    if (draw.boxes) {
      // Lambda is not drawn: native code counts it from the box.
      writeDraw(this.#records, i, kinds, 1, fill);
      const { height, width } = this.#shape;
      writeBoxes(
        this.#records,
        i,
        draw.boxes((purpose) => this.#numbers(purpose, i), height, width),
      );
      return choice;
    }
    if (draw.kind === 'masked') {
      const lambda = draw.drawsLambda ? this.#stream.moveTo(Purpose.lambda, 0).beta(alpha) : 1;
      writeDraw(this.#records, i, kinds, lambda, fill);
      return choice;
    }
    writeDraw(this.#records, i, kinds, this.#numbers(Purpose.lambda, i).beta(alpha), fill);
    if (draw.from) this.#drawAnchor(i, 'from', draw.from);
    if (draw.to) this.#drawAnchor(i, 'to', draw.to);
    return choice;
  }

  /**
   * The numbers of sample i for a purpose, from the first on. They must be used before this is called again.
   */
  #numbers(purpose: Purpose, i: number): Stream {
    const { slots } = this.#shape;
    return this.#stream.moveTo(purpose, slots === undefined ? i : slots.of[i]);
  }

  #choose(i: number): number {
    const choices = this.#choices;
    if (choices.length === 1) return 0;
    const total = choices.reduce((sum, { weight }) => sum + weight, 0);
    let left = this.#numbers(Purpose.choice, i).uniform() * total;
    const found = choices.findIndex(({ weight }) => (left -= weight) < 0);
    return found < 0 ? choices.length - 1 : found;
  }

  #drawAnchor(i: number, side: 'from' | 'to', anchor: Anchor): void {
    if (anchor.kind === 'given') {
      const place = this.#numbers(anchor.purpose, i);
      const row = place.below(this.#shape.height);
      writePlace(this.#records, i, side, row, place.below(this.#shape.width));
    } else if (anchor.kind !== 'corresponding' && anchor.ties !== undefined) {
      writeTie(this.#records, i, side, this.#numbers(anchor.ties, i).uniform());
    }
  }
}

/** What most samples of a batch draw numbers for, with these choices. */
function purposesOf(drawables: readonly Drawable[], per: 'sample' | 'batch'): Purpose[] {
  const needed = drawables.flatMap(({ options: { probability }, draw, method }) => {
    if (per === 'batch') return method.hasSource ? [Purpose.pairing] : [];
    const isMixed = probability < 1 ? [Purpose.mixing] : [];
    if (draw.kind === 'keep' || draw.boxes) return isMixed;
    if (draw.kind === 'masked') return [...isMixed, Purpose.pairing];
    const anchors = [draw.from, draw.to].flatMap((anchor) =>
      anchor?.kind === 'given' ? [anchor.purpose] : [],
    );
    return [...isMixed, Purpose.lambda, ...anchors, ...(method.hasSource ? [Purpose.pairing] : [])];
  });
  return [...new Set(drawables.length > 1 ? [Purpose.choice, ...needed] : needed)];
}

/** Draws a batch; with `per: 'batch'` all samples share the choice, lambda and boxes of the first. */
export function drawBatch(
  choices: readonly Choice[],
  per: 'sample' | 'batch',
  shape: DrawShape,
  address: DrawAddress,
): DrawnBatch {
  const { count } = shape;
  const drawables = choices.map(drawableOf);
  const records = newRecords(count);
  // The one draw of a whole batch has the address of its first slot, also where that slot is empty.
  const drawn = per === 'batch' ? { ...shape, count: 1, slots: undefined } : shape;
  const first = firstWords(purposesOf(drawables, per), shape.slots?.count ?? count, address.seed, address);
  const drawer = new Drawer(drawables, records, drawn, address, first);
  const partners = drawables.some(({ method }) => method.hasSource) ? pair(shape, address, first) : undefined;
  const choiceOf = choices.length > 1 ? new Uint16Array(count) : undefined;
  let choice = 0;
  for (let i = 0; i < count; i++) {
    if (i < drawn.count) choice = drawer.draw(i);
    else shareFirst(records, i);
    if (choiceOf) choiceOf[i] = choice;
    if (partners && drawables[choice].method.hasSource) writeSource(records, i, partners[i]);
  }
  // Methods with masks are drawn for whole batches.
  const u =
    drawables[choice].draw.kind === 'masked'
      ? new Stream(address.seed, Purpose.grid, { ...address, sample: 0 }).uniform()
      : undefined;
  return { records, choiceOf, u };
}
