/** Mean and standard deviation of pixels, per channel, of [0, 1]: as options, and those of CIFAR-10. */
import * as check from './check';
import { list } from './option';

const of255 = (values: readonly number[]) => values.map((value) => value / 255);

/** As the authors of Cutout and of SaliencyMix have them in their code, also for CIFAR-100. */
export const CIFAR_MEAN = of255([125.3, 123.0, 113.9]);
export const CIFAR_STD = of255([63.0, 62.1, 66.7]);

export const meanOption = (about: string) =>
  list('3 numbers', (one, name) => check.number(one, name, 0, 1), { count: 3, about });

export const stdOption = (about: string) =>
  list('3 numbers > 0', (one, name) => check.number(one, name, 0, 1, 'open'), { count: 3, about });
