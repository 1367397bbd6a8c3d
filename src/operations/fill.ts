/** The colour of what an operation leaves open. */
import * as check from '../check';
import { custom } from '../option';

/** A colour, a gray, or one by its name. */
export type FillColor = 'black' | 'mean' | number | readonly [red: number, green: number, blue: number];

export type Color = readonly [red: number, green: number, blue: number];

export const colors: Record<'black' | 'mean', Color> = {
  black: [0, 0, 0],
  // Of CIFAR-10's training images: 0.4914, 0.4822, 0.4465 of 255.
  mean: [125, 123, 114],
};

function parseFill(value: unknown, argument: string): Color {
  const byte = (one: unknown, name: string) => check.integer(one, name, 0, 255);
  if (typeof value === 'string') return colors[check.name(value, ['black', 'mean'], argument)];
  if (typeof value === 'number') {
    const gray = byte(value, argument);
    return [gray, gray, gray];
  }
  if (!Array.isArray(value) || value.length !== 3)
    throw check.invalid(argument, '"black", "mean", a gray of 0 … 255, or [red, green, blue]', value);
  return [
    byte(value[0], `${argument}[0]`),
    byte(value[1], `${argument}[1]`),
    byte(value[2], `${argument}[2]`),
  ];
}

/** Black unless given; 'mean' is the mean colour of CIFAR-10, as in AutoAugment's own code. */
export const fillOption = () => custom<Color, FillColor, Color>(parseFill, { default: colors.black });
