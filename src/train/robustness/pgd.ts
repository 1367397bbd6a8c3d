/** Projected gradient descent: many small steps of the fast gradient sign method, each kept within ε of the image. */
import { flag, real, whole } from '../../option';
import { Purpose, Stream } from '../../rng';
import { attackOptions, moved, type Strength, WHITE, within } from './attack';
import { type CleanBatch, errorCounts, type ErrorsAt, type Measure, type Subject } from './measure';

const pgdOptions = {
  ...attackOptions,
  steps: whole(1, { max: 10_000, default: 10, about: 'of `pgd`' }),
  /** Unless given, 2.5·ε/steps: the steps together may cross the ball from one side to the other (Madry et al.). */
  stepSize: real('number above 0, to 255', [0, WHITE, 'open'], {
    about: 'of `pgd`: how far a step moves each pixel, in 1/255; 2.5·ε/steps unless given',
  }),
  randomStart: flag({ default: true, about: 'begin `pgd` at a random point around the image' }),
};

export interface Pgd {
  steps: number;
  randomStart: boolean;
  /** `step` is in 1/255 as well. */
  rows: ErrorsAt<Strength & { step: number }>[];
}

/** For each value a number from −1 to 1, drawn for the image that it is of. */
function directions({ pixels, positions }: CleanBatch, seed: number): Float32Array {
  const each = pixels.length / positions.length;
  const drawn = new Float32Array(pixels.length);
  for (const [i, sample] of positions.entries()) {
    const stream = new Stream(seed, Purpose.attack, { epoch: 0, batch: 0, sample });
    for (let k = 0; k < each; k++) drawn[i * each + k] = 2 * stream.uniform() - 1;
  }
  return drawn;
}

/** What the attack makes of some images. */
async function attacked(
  subject: Subject,
  { pixels: clean, numbers }: CleanBatch,
  { epsilon, step, steps, from }: Strength & { step: number; steps: number; from?: Float32Array },
): Promise<Float32Array> {
  let pixels = from ? clean.map((pixel, i) => within(pixel + epsilon * from[i], pixel, epsilon)) : clean;
  for (let done = 0; done < steps; done++) {
    const slope = await subject.gradient(subject.normalised(pixels), numbers);
    pixels = moved(pixels, slope, step, { clean, epsilon });
  }
  return pixels;
}

export const pgd: Measure<typeof pgdOptions, Pgd> = {
  summary: 'errors after many such steps, each kept within ε of the image',
  reference: 'Madry et al., Towards deep learning models resistant to adversarial attacks, ICLR 2018',
  options: pgdOptions,
  needsGradients: true,
  passes: ({ epsilons, steps }) => epsilons.length * (steps + 1),
  begin(subject, { epsilons, steps, stepSize, randomStart, seed }) {
    const strengths = epsilons.map((epsilon) => ({ epsilon, step: stepSize ?? (2.5 * epsilon) / steps }));
    const { counts, rows } = errorCounts(strengths, subject.classes);
    return {
      async add(batch) {
        const { numbers } = batch;
        const from = randomStart ? directions(batch, seed) : undefined;
        for (const [i, strength] of strengths.entries()) {
          const pixels = await attacked(subject, batch, { ...strength, steps, from });
          counts[i].add(await subject.predict(subject.normalised(pixels), numbers.length), numbers);
        }
      },
      get result() {
        return { steps, randomStart, rows: rows() };
      },
    };
  },
};
