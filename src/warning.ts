/** What is worth a user's look and stops nothing. */
export type Warn = (message: string) => void;

/** Tells it as Node tells its own warnings: on the error stream, and to whoever listens to the process's `warning`. */
export const emitWarning: Warn = (message) => process.emitWarning(message, { type: 'SaliencyMixWarning' });

/** Tells the first of them; a training loop would say the same for every batch. */
export function firstOnly(warn: Warn): Warn {
  let told = false;
  return (message) => {
    if (!told) warn(`${message} (said once)`);
    told = true;
  };
}
