/** How far labels are from what the mixed images show: counted, and by the size of objects. */

export interface LabelFigures {
  /** Mixed samples. */
  samples: number;
  /** Share of the samples in which a class with a weight above 0 shows no pixel of an object. */
  ghostShare: number;
  /** Mean of |weight of the target's label − that by the rule `mask`|. */
  meanError: number;
}

/** Of one fifth of the samples, those whose smaller object takes up to this share of its image. */
export interface SizeFigures extends Omit<LabelFigures, 'samples'> {
  upTo: number;
}

interface Counted {
  isGhost: boolean;
  error: number;
  /** Of the smaller object, as a share of its image. */
  size: number;
}

const PARTS = 5;

const mean = (values: readonly number[]) =>
  values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;

function figuresOf(counted: readonly Counted[]): Omit<LabelFigures, 'samples'> {
  return {
    ghostShare: mean(counted.map(({ isGhost }) => (isGhost ? 1 : 0))),
    meanError: mean(counted.map(({ error }) => error)),
  };
}

export class Tally {
  readonly #counted: Counted[] = [];

  add(one: Counted): void {
    this.#counted.push(one);
  }

  figures(): LabelFigures & { bySize: SizeFigures[] } {
    const all = this.#counted.toSorted((a, b) => a.size - b.size);
    const end = (part: number) => Math.floor((part * all.length) / PARTS);
    const parts = Array.from({ length: PARTS }, (_, part) => all.slice(end(part), end(part + 1)));
    const bySize = parts
      .filter((part) => part.length > 0)
      .map((part) => ({ upTo: (part.at(-1) as Counted).size, ...figuresOf(part) }));
    return { samples: all.length, ...figuresOf(all), bySize };
  }
}
