/** Samples as the two flat arrays in which they cross the binding; native/binding/records.h has the same table. */
import type { NativeSamples } from '../native/binding';
import type { Box } from '../types';
import type { Draw } from './draw';
import type { Anchor } from './method';
import type { MixSample } from './plan';

const WHOLE = 19;
const REAL = 3;
const KINDS = ['keep', 'paste', 'blend', 'erase'] as const;
const ANCHORS = ['given', 'corresponding', 'peak', 'low'] as const;
const FIRST_TIE = -1;

function records(samples: number): NativeSamples {
  return { samples, whole: new Int32Array(samples * WHOLE), real: new Float64Array(samples * REAL) };
}

function anchorFields(anchor: Anchor): [kind: number, row: number, col: number] {
  const [row, col] = anchor.kind === 'given' ? anchor.at : [0, 0];
  return [ANCHORS.indexOf(anchor.kind), row, col];
}

const tieOf = (anchor: Anchor) => ('u' in anchor && anchor.u !== undefined ? anchor.u : FIRST_TIE);

/** Draws that are still to be placed. `placeOf` must be a position in `draws`. */
export function encodeDraws(draws: readonly Draw[]): NativeSamples {
  const encoded = records(draws.length);
  draws.forEach((draw, i) => {
    const from = draw.from as Anchor;
    const to = draw.to as Anchor;
    const kind = KINDS.indexOf(draw.kind);
    const fields = [
      draw.target,
      draw.source,
      kind,
      draw.placeOf,
      ...anchorFields(from),
      ...anchorFields(to),
      draw.fill,
    ];
    encoded.whole.set(fields, i * WHOLE);
    encoded.real.set([draw.lambda, tieOf(from), tieOf(to)], i * REAL);
  });
  return encoded;
}

/** What placing has found, as samples of a plan. */
export function decodeSamples(draws: readonly Draw[], { whole, real }: NativeSamples): MixSample[] {
  return draws.map((draw, i): MixSample => {
    const field = (offset: number) => whole[i * WHOLE + offset];
    const box = (at: number): Box => ({
      top: field(at),
      left: field(at + 1),
      bottom: field(at + 2),
      right: field(at + 3),
    });
    const { target, source, mixed, method } = draw;
    const sample: MixSample = { target, source, lambda: real[i * REAL], mixed, method };
    if (draw.kind === 'paste')
      Object.assign(sample, { to: box(15), from: box(11), peak: [field(5), field(6)] });
    if (draw.kind === 'erase')
      Object.assign(sample, { to: box(15), peak: [field(5), field(6)], fill: draw.fill });
    return sample;
  });
}

function kindOf(sample: MixSample): (typeof KINDS)[number] {
  if (!sample.mixed) return 'keep';
  if (sample.to === undefined) return 'blend';
  return sample.from === undefined ? 'erase' : 'paste';
}

const boxFields = (box: Box | undefined) => (box ? [box.top, box.left, box.bottom, box.right] : [0, 0, 0, 0]);

/** Samples that are placed; `fill` stands in for the samples' own, for masks. */
export function encodeSamples(samples: readonly MixSample[], fill?: number): NativeSamples {
  const encoded = records(samples.length);
  samples.forEach((sample, i) => {
    const kind = kindOf(sample);
    const anchors = [0, 0, 0, 0, 0, 0];
    const fields = [
      sample.target,
      sample.source,
      KINDS.indexOf(kind),
      i,
      ...anchors,
      fill ?? sample.fill ?? 0,
    ];
    encoded.whole.set([...fields, ...boxFields(sample.from), ...boxFields(sample.to)], i * WHOLE);
    encoded.real.set([sample.lambda, FIRST_TIE, FIRST_TIE], i * REAL);
  });
  return encoded;
}
