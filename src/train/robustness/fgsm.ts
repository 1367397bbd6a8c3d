/** The fast gradient sign method: every pixel moves by ε in the direction in which the loss rises. */
import { attackOptions, moved, type Strength } from './attack';
import { errorCounts, type ErrorsAt, type Measure } from './measure';

export type Fgsm = ErrorsAt<Strength>[];

export const fgsm: Measure<typeof attackOptions, Fgsm> = {
  summary: 'errors where each pixel moves by ε along the sign of the gradient',
  reference: 'Goodfellow et al., Explaining and harnessing adversarial examples, ICLR 2015',
  options: attackOptions,
  needsGradients: true,
  passes: ({ epsilons }) => 1 + epsilons.length,
  begin(subject, { epsilons }) {
    const { counts, rows } = errorCounts(
      epsilons.map((epsilon) => ({ epsilon })),
      subject.classes,
    );
    return {
      async add({ pixels, values, numbers }) {
        const slope = await subject.gradient(values, numbers);
        for (const [i, epsilon] of epsilons.entries()) {
          const attacked = moved(pixels, slope, epsilon, { clean: pixels, epsilon });
          counts[i].add(await subject.predict(subject.normalised(attacked), numbers.length), numbers);
        }
      },
      get result() {
        return rows();
      },
    };
  },
};
