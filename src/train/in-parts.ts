/** Runs a graph of a fixed number of images on any number of them. */
import { sizeOf } from '../graph/graph';
import type { Results, Tensors } from '../onnx/ort-worker';

/** An input by its name, with the shape of one row. */
export type Rows = Readonly<Record<string, { data: Float32Array; shape: readonly number[] }>>;

/** Rows from one on. Where there are fewer than the graph takes zeros follow, which change nothing of the other images. */
function rowsFrom(rows: Float32Array, start: number, count: number, each: number): Float32Array {
  const part = new Float32Array(count * each);
  part.set(rows.subarray(start * each, (start + count) * each));
  return part;
}

/**
 * What a graph gives for `count` rows, `batch` in one run: outputs by their names, each with a row for each.
 * @param run the graph
 */
export async function inParts(
  rows: Rows,
  { count, batch, outputs }: { count: number; batch: number; outputs: readonly string[] },
  run: (inputs: Tensors) => Promise<Results>,
): Promise<Results> {
  const none = (name: string): [string, Results[string]] => [name, { data: new Float32Array(0), shape: [0] }];
  const joined: Results = Object.fromEntries(outputs.map(none));
  for (let start = 0; start < count; start += batch) {
    const inputs = Object.fromEntries(
      Object.entries(rows).map(([name, { data, shape }]) => [
        name,
        { data: rowsFrom(data, start, batch, sizeOf(shape)), shape: [batch, ...shape] },
      ]),
    );
    for (const [name, { data, shape }] of Object.entries(await run(inputs))) {
      const each = data.length / batch;
      if (start === 0)
        joined[name] = { data: new Float32Array(count * each), shape: [count, ...shape.slice(1)] };
      joined[name].data.set(data.subarray(0, (count - start) * each), start * each);
    }
  }
  return joined;
}
