/** Errors of ONNX models in words: which file, what is wrong with it, what to do; ONNX Runtime's own words come last. */
import { reasonOf, SaliencyMixError } from '../errors';

type Meanings = readonly [says: RegExp, meaning: string][];

/** What ONNX Runtime (1.30) says of a file, and what that means for who has it. The first that matches counts. */
const OPENING: Meanings = [
  [
    /Protobuf parsing failed|does not have a graph/,
    'it is not an ONNX model, or is cut off: export it or download it again',
  ],
  [
    /Unsupported model IR version|Opset \d+ is under development/,
    'it is newer than this ONNX Runtime: export it with an older opset, as 17',
  ],
  [
    /No Op registered|is not a registered function/,
    'it has an operator that ONNX Runtime does not know: export it with the operators of ONNX alone',
  ],
  [
    /Could not find an implementation/,
    'ONNX Runtime has no code for one of its operators in that type of number on the processor: export it as float32',
  ],
  [
    /Unsupported data type/,
    'its inputs or outputs have a type of number that cannot be passed on: export it with float32 ones',
  ],
  [
    /[Ee]xternal (?:data|initializer)/,
    'its files of weights must be whole, and in the folder of the model or below it',
  ],
  [/./, 'ONNX Runtime refuses it: see what onnx.checker.check_model says of it, and export it again'],
];

/** The same of a run. `unfit` says what to do where the model cannot take images of that form. */
const running = (unfit: string): Meanings => [
  [/bad_alloc|[Oo]ut of memory|Failed to allocate/, 'memory ran out: a smaller batch needs less'],
  [/an output is text/, 'it gives text where numbers are needed: export it without that'],
  [
    /Got invalid dimensions|invalid rank|[Rr]eshape|broadcast|[Dd]imension|\bshape\b/,
    `it cannot take such images: ${unfit}`,
  ],
  [/./, 'ONNX Runtime stopped: see whether it runs elsewhere with the same input, and export it again'],
];

/** ONNX Runtime's words in one line, without places in its source. */
const tidy = (reason: string) =>
  reason
    .replaceAll(/\s+/g, ' ')
    .replace(/Load model from .* failed: ?/, '')
    .replace(/\/onnxruntime_src\/\S+:\d+ .*?\)(?: const)? /, '')
    .trim();

function explained(error: unknown, meanings: Meanings): string {
  const reason = reasonOf(error);
  // What comes from us, from the system, or for a package that is missing says by itself what to do.
  if (!reason.startsWith('ONNX Runtime: ') || reason.includes('npm install')) return reason;
  const found = meanings.find(([says]) => says.test(reason));
  return `${found?.[1]} (${tidy(reason)})`;
}

function fault(what: string, path: string, why: unknown, meanings: Meanings): SaliencyMixError {
  const cause = why instanceof Error ? { cause: why } : {};
  return new SaliencyMixError('MODEL', `${what}: ${explained(why, meanings)}`, { file: path, ...cause });
}

/** The error for a model that cannot be opened, and why: in words, or what was thrown. */
export const cannotOpen = (path: string, why: unknown): SaliencyMixError =>
  fault(`Cannot open the ONNX model ${path}`, path, why, OPENING);

/** The error for a run of a model that failed; `unfit` says what to do where it cannot take images of that form. */
export const cannotRun = (path: string, why: unknown, unfit: string): SaliencyMixError =>
  fault(`The ONNX model ${path} failed`, path, why, running(unfit));
