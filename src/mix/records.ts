/** Samples as the two flat arrays in which they cross the binding; native/binding/records.h has the same table. */
import type { NativeSamples } from '../native/binding';
import type { Box } from '../types';
import type { Anchor, MethodDraw } from './method';
import type { MixSample } from './plan';

const WHOLE = 19;
const REAL = 3;
const KINDS = { keep: 0, paste: 1, blend: 2, erase: 3 } as const;
const ANCHORS = { given: 0, corresponding: 1, peak: 2, low: 3 } as const;
const FIRST_TIE = -1;
const CORRESPONDING: Anchor = { kind: 'corresponding' };

/** Where the fields of a sample stand, in `whole` and in `real`. */
const AT = {
  target: 0,
  source: 1,
  kind: 2,
  placeOf: 3,
  from: 4,
  to: 7,
  fill: 10,
  fromBox: 11,
  toBox: 15,
} as const;
const REAL_AT = { lambda: 0, tieOfFrom: 1, tieOfTo: 2 } as const;

/** In one piece of memory: what is made for every call is also collected for every call. */
export function newRecords(samples: number): NativeSamples {
  const bytesOfReal = samples * REAL * Float64Array.BYTES_PER_ELEMENT;
  const memory = new ArrayBuffer(bytesOfReal + samples * WHOLE * Int32Array.BYTES_PER_ELEMENT);
  return {
    samples,
    whole: new Int32Array(memory, bytesOfReal, samples * WHOLE),
    real: new Float64Array(memory, 0, samples * REAL),
  };
}

/** What a draw is before its numbers are drawn, as fields of a sample: the same for all samples that are drawn so. */
export interface DrawKinds {
  readonly kind: number;
  readonly from: number;
  readonly to: number;
}

export function kindsOf({ kind, from = CORRESPONDING, to = CORRESPONDING }: MethodDraw): DrawKinds {
  return { kind: KINDS[kind], from: ANCHORS[from.kind], to: ANCHORS[to.kind] };
}

/** A draw that is still to be placed, as sample i, its target the image at that position. Its anchors' numbers follow. */
export function writeDraw(
  { whole, real }: NativeSamples,
  i: number,
  { kind, from, to }: DrawKinds,
  lambda: number,
  fill: number,
): void {
  const at = i * WHOLE;
  whole[at + AT.target] = i;
  whole[at + AT.source] = i;
  whole[at + AT.kind] = kind;
  whole[at + AT.placeOf] = i;
  whole[at + AT.from] = from;
  whole[at + AT.to] = to;
  whole[at + AT.fill] = fill;
  const realAt = i * REAL;
  real[realAt + REAL_AT.lambda] = lambda;
  real[realAt + REAL_AT.tieOfFrom] = FIRST_TIE;
  real[realAt + REAL_AT.tieOfTo] = FIRST_TIE;
}

type Side = 'from' | 'to';

/** The pixel of an anchor that is given. */
export function writePlace({ whole }: NativeSamples, i: number, side: Side, row: number, col: number): void {
  const at = i * WHOLE + (side === 'from' ? AT.from : AT.to);
  whole[at + 1] = row;
  whole[at + 2] = col;
}

/** The number that picks among tied pixels. */
export function writeTie({ real }: NativeSamples, i: number, side: Side, u: number): void {
  real[i * REAL + (side === 'from' ? REAL_AT.tieOfFrom : REAL_AT.tieOfTo)] = u;
}

/** Sample i takes the draw of the first, and its anchors and box once they are found. */
export function shareFirst({ whole, real }: NativeSamples, i: number): void {
  whole.copyWithin(i * WHOLE, 0, WHOLE);
  real.copyWithin(i * REAL, 0, REAL);
  whole[i * WHOLE + AT.target] = i;
  whole[i * WHOLE + AT.source] = i;
}

export function writeSource({ whole }: NativeSamples, i: number, source: number): void {
  whole[i * WHOLE + AT.source] = source;
}

/** The samples at `positions`, with `placeOf` counted within them. */
export function pickRecords(all: NativeSamples, positions: readonly number[]): NativeSamples {
  const picked = newRecords(positions.length);
  const local = new Map(positions.map((position, i) => [position, i]));
  positions.forEach((position, i) => {
    picked.whole.set(all.whole.subarray(position * WHOLE, (position + 1) * WHOLE), i * WHOLE);
    picked.real.set(all.real.subarray(position * REAL, (position + 1) * REAL), i * REAL);
    const owner = all.whole[position * WHOLE + AT.placeOf];
    picked.whole[i * WHOLE + AT.placeOf] = local.get(owner) as number;
  });
  return picked;
}

/** Puts samples that were picked back, placed; each keeps the owner of its place. */
export function putBackRecords(
  all: NativeSamples,
  positions: readonly number[],
  picked: NativeSamples,
): void {
  positions.forEach((position, i) => {
    const owner = all.whole[position * WHOLE + AT.placeOf];
    all.whole.set(picked.whole.subarray(i * WHOLE, (i + 1) * WHOLE), position * WHOLE);
    all.real.set(picked.real.subarray(i * REAL, (i + 1) * REAL), position * REAL);
    all.whole[position * WHOLE + AT.placeOf] = owner;
  });
}

/** Whether a sample's place depends on what is salient. */
export function needsSaliency({ samples, whole }: NativeSamples): boolean {
  const asks = (kind: number) => kind === ANCHORS.peak || kind === ANCHORS.low;
  for (let i = 0; i < samples; i++) {
    if (asks(whole[i * WHOLE + AT.from]) || asks(whole[i * WHOLE + AT.to])) return true;
  }
  return false;
}

/** Which two images a sample's label is made of, and the weight of the first. */
export interface LabelShare {
  target: number;
  source: number;
  lambda: number;
}

export function shareOf({ whole, real }: NativeSamples, i: number): LabelShare {
  return {
    target: whole[i * WHOLE + AT.target],
    source: whole[i * WHOLE + AT.source],
    lambda: real[i * REAL + REAL_AT.lambda],
  };
}

/** What placing has found, as samples of a plan. */
export function decodeSamples(records: NativeSamples, methodOf: (sample: number) => string): MixSample[] {
  const { samples, whole } = records;
  return Array.from({ length: samples }, (_, i): MixSample => {
    const at = i * WHOLE;
    const box = (side: number): Box => ({
      top: whole[at + side],
      left: whole[at + side + 1],
      bottom: whole[at + side + 2],
      right: whole[at + side + 3],
    });
    const peak = (): [number, number] => [whole[at + AT.from + 1], whole[at + AT.from + 2]];
    const kind = whole[at + AT.kind];
    const sample: MixSample = { ...shareOf(records, i), mixed: kind !== KINDS.keep, method: methodOf(i) };
    if (kind === KINDS.paste)
      Object.assign(sample, { to: box(AT.toBox), from: box(AT.fromBox), peak: peak() });
    if (kind === KINDS.erase)
      Object.assign(sample, { to: box(AT.toBox), peak: peak(), fill: whole[at + AT.fill] });
    return sample;
  });
}

function kindOf(sample: MixSample): keyof typeof KINDS {
  if (!sample.mixed) return 'keep';
  if (sample.to === undefined) return 'blend';
  return sample.from === undefined ? 'erase' : 'paste';
}

/** The kinds of mixing that samples are of, each once. */
export function kindsIn(samples: readonly MixSample[]): string[] {
  return [...new Set(samples.map(kindOf))];
}

const sidesOf = (box: Box) => [box.top, box.left, box.bottom, box.right];

/** Samples that are placed; `fill` stands in for the samples' own, for masks. */
export function encodeSamples(samples: readonly MixSample[], fill?: number): NativeSamples {
  const records = newRecords(samples.length);
  const { whole, real } = records;
  samples.forEach((sample, i) => {
    const at = i * WHOLE;
    whole[at + AT.target] = sample.target;
    whole[at + AT.source] = sample.source;
    whole[at + AT.kind] = KINDS[kindOf(sample)];
    whole[at + AT.placeOf] = i;
    whole[at + AT.fill] = fill ?? sample.fill ?? 0;
    if (sample.from) whole.set(sidesOf(sample.from), at + AT.fromBox);
    if (sample.to) whole.set(sidesOf(sample.to), at + AT.toBox);
    real.set([sample.lambda, FIRST_TIE, FIRST_TIE], i * REAL);
  });
  return records;
}
