/** Options of runs that concern the files they read. */
import { flag } from '../option';

export const strictOption = () =>
  flag({
    default: false,
    about:
      'stop at the first bad file, with exit code 1; read all files when the run starts, so that --resume compares what they hold, not their sizes and dates',
  });

export const ignoreDatesOption = () =>
  flag({
    default: false,
    about: 'with --resume: go on although files have other dates than at first, if their sizes are the same',
  });
