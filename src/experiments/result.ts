/** What is kept of a cell: its errors after each epoch, its time, and what it was made with. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf, SaliencyMixError, systemCode } from '../errors';
import { writeWhole } from '../run/files';

export const RESULT = 'result.json';

export interface EpochResult {
  loss: number;
  top1Error: number;
  top5Error: number;
  testLoss: number;
  seconds: number;
  saliencySeconds: number;
}

export interface CellResult {
  /** Version of this format. */
  version: 1;
  experiment: string;
  scale: string;
  /** Of results from before one could be chosen: not told. */
  recipe?: string;
  id: string;
  model: string;
  row: string;
  column: string;
  seed: number;
  /** Errors are shares, 0 to 1. */
  epochs: EpochResult[];
  /** All settings of the run. */
  settings: unknown;
  /** The package, Node, libraries, and what computed. */
  environment: Record<string, unknown>;
  finished: string;
}

/** A digest over all else, by which a file that was changed or cut off is recognised. */
const digestOf = (result: CellResult) =>
  createHash('sha256').update(JSON.stringify(result)).digest('hex').slice(0, 16);

export const writeResult = (folder: string, result: CellResult): Promise<void> =>
  writeWhole(join(folder, RESULT), `${JSON.stringify({ ...result, digest: digestOf(result) }, null, 1)}\n`);

/** @throws SaliencyMixError FILE where the text is not what was written */
export function parseResult(text: string, file: string): CellResult {
  try {
    const { digest, ...result } = JSON.parse(text) as CellResult & { digest: string };
    if (result.version === 1 && digest === digestOf(result)) return result;
  } catch (error) {
    throw new SaliencyMixError('FILE', `${file} is damaged: ${reasonOf(error)}`, { file, cause: error });
  }
  throw new SaliencyMixError('FILE', `${file} is damaged, or was changed by hand`, { file });
}

/**
 * The result in a cell's folder; undefined where there is none.
 * @throws (rejects) SaliencyMixError FILE for a damaged one
 */
export async function readResult(folder: string): Promise<CellResult | undefined> {
  const file = join(folder, RESULT);
  try {
    return parseResult(await readFile(file, 'utf8'), file);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
