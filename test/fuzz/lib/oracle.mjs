/** What must hold for whatever comes in: a result that is sound, or an error that says what is wrong. */
import { packageApi } from './api.mjs';

const { SaliencyMixError } = packageApi;

const CODES = [
  'ARGUMENT',
  'BACKEND',
  'ADDON',
  'DATA',
  'FILE',
  'OUTPUT',
  'MODEL',
  'CHECKPOINT',
  'TRAINING',
  'NATIVE',
];
const LONGEST_MESSAGE = 4000;

/** A result or a message that breaks the rules. */
export class Fault extends Error {}

export function must(holds, what) {
  if (!holds) throw new Fault(what);
}

/** Throws a Fault for an error that is not one of the package's, or whose message is of no use. */
export function checkError(error) {
  if (error instanceof Fault) throw error;
  must(error instanceof SaliencyMixError, `not a SaliencyMixError: ${error?.stack ?? String(error)}`);
  const { message, code } = error;
  must(CODES.includes(code), `the code ${code}: ${message}`);
  must(message.length > 0, 'a message without words');
  must(
    message.length <= LONGEST_MESSAGE,
    `a message of ${message.length} characters: ${message.slice(0, 300)}`,
  );
  must(
    !/(?<!received |was |now )\bundefined\b|\[object |Cannot read propert|is not a function|is not iterable/.test(
      message,
    ),
    `a message for programmers: ${message}`,
  );
  must(!/[^\P{Cc}\n\t]/u.test(message), `control characters in a message: ${JSON.stringify(message)}`);
}

/** A promise's result, or the code of its error once that has been checked. */
export async function outcomeOf(promise) {
  try {
    return { result: await promise };
  } catch (error) {
    checkError(error);
    return { refused: error.code, message: error.message };
  }
}
