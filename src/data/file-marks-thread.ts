/** What runs in a thread of file-marks.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { type MarksRequest, marksHere } from './file-marks';

const marks = marksHere(workerData as MarksRequest);
parentPort?.postMessage(
  marks,
  [marks.numbers, marks.contents].flatMap((array) => (array ? [array.buffer as ArrayBuffer] : [])),
);
