/**
 * The error class of this package, and its codes.
 *
 * Every failure that a user can cause or meet is a SaliencyMixError with a stable `code`. Where they apply, it
 * also has the name of the argument, what was expected, what was received, and the image or file concerned.
 * There is one exception: work that an AbortSignal stops rejects with the signal's own reason, as `fetch` does.
 */
export type ErrorCode =
  | 'ARGUMENT' // a value of the wrong type, range, length or spelling
  | 'BACKEND' // an unknown or unavailable backend
  | 'ADDON' // the native addon is missing or does not load
  | 'DATA' // a data set that cannot be opened or used
  | 'FILE' // one file that cannot be read or decoded
  | 'OUTPUT' // an output folder that cannot be used, or a write that failed
  | 'MODEL' // a model that cannot be loaded, built or run, or has the wrong shape
  | 'CHECKPOINT' // a checkpoint that is damaged, or of another model
  | 'TRAINING' // a training run that cannot go on
  | 'NATIVE'; // a failure inside the addon (out of memory, …)

export interface ErrorDetails {
  /** Name of the argument or option at fault. */
  argument?: string;
  /** What would have been right, in words. */
  expected?: string;
  /** What was received instead, in words. */
  received?: string;
  /** Position in the batch of the image at fault. */
  index?: number;
  /** Path or id of the file at fault. */
  file?: string;
  cause?: unknown;
}

/** Longest message; the names and words in damaged files, which messages repeat, can be of any length. */
const LONGEST = 3000;

/**
 * A message as it can be printed: control characters, which a terminal would obey, as escapes, and what is too long
 * without its middle.
 */
function printable(message: string): string {
  const shown = message.replaceAll(/[^\P{Cc}\n\t]/gu, (character) => {
    const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');
    return `\\x${code}`;
  });
  if (shown.length <= LONGEST) return shown;
  const half = LONGEST / 2 - 10;
  return `${shown.slice(0, half)} […] ${shown.slice(-half)}`;
}

export class SaliencyMixError extends Error {
  readonly code: ErrorCode;
  readonly argument?: string;
  readonly expected?: string;
  readonly received?: string;
  readonly index?: number;
  readonly file?: string;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(printable(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'SaliencyMixError';
    this.code = code;
    this.argument = details.argument;
    this.expected = details.expected;
    this.received = details.received;
    this.index = details.index;
    this.file = details.file;
  }
}

/** The message of a thrown value, or the value as text where it is no Error. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The system's error code (`ENOENT`, `ENOSPC`, …) of a thrown value, where it has one. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
