import type { Scored } from '../train/scoring';

/** Which images of data without splits were scored, in words. */
const words = {
  'held out': 'of the images that training has held out of this data',
  all: 'of all images: the data has no splits, and the model does not say that it held some out of it',
};

/** Says which images were scored, where that is not plain. */
export const printScored = (scored: Scored | undefined): void => {
  if (scored) console.log(words[scored]);
};
