// Checks what the float32 rivals give against the definition: they draw for themselves, so they say what they drew.
import { checkClose } from './compare.mjs';

/** The batch as they take it: NCHW float32, normalised. */
function normalised({ data, shape: [count, height, width] }, { mean, std }) {
  const plane = height * width;
  const out = new Float32Array(data.length);
  for (let i = 0; i < count; i++) {
    for (let p = 0; p < plane; p++) {
      for (let c = 0; c < 3; c++) {
        out[(3 * i + c) * plane + p] = (data[(i * plane + p) * 3 + c] / 255 - mean[c]) / std[c];
      }
    }
  }
  return out;
}

/** lambda · target + (1 − lambda) · source everywhere, or the source inside the box. */
function expected(values, [count, , height, width], { pairs, box, lambda }) {
  const plane = height * width;
  const out = new Float32Array(values.length);
  const inside = (p) => {
    const row = Math.floor(p / width);
    const col = p % width;
    return row >= box[0] && row < box[2] && col >= box[1] && col < box[3];
  };
  for (let i = 0; i < count; i++) {
    for (let at = 0; at < 3 * plane; at++) {
      const target = values[3 * i * plane + at];
      const source = values[3 * pairs[i] * plane + at];
      const blended = box ? (inside(at % plane) ? source : target) : lambda * target + (1 - lambda) * source;
      out[3 * i * plane + at] = blended;
    }
  }
  return out;
}

/** lambda must be the share of the target that survives, and the labels be mixed by it. */
function checkLabels({ images, classes }, { pairs, box, lambda, labels }, [, , height, width]) {
  const surviving = box ? 1 - ((box[2] - box[0]) * (box[3] - box[1])) / (height * width) : lambda;
  checkClose([lambda], [surviving], { tolerance: 1e-6 }, 'lambda');
  const wanted = new Float32Array(images * classes);
  for (let i = 0; i < images; i++) {
    wanted[i * classes + (i % classes)] += lambda;
    wanted[i * classes + (pairs[i] % classes)] += 1 - lambda;
  }
  checkClose(labels.data, wanted, { tolerance: 1e-5 }, 'labels');
}

/** `drawn`: { images, labels, pairs (source of each image), box ([top, left, bottom, right], or null), lambda }. */
export function checkTorchMix(job, drawn, batch) {
  const { side } = job.batch;
  const shape = [job.images, 3, side, side];
  if (drawn.images.shape.join() !== shape.join())
    throw new Error(`shape is ${drawn.images.shape.join()}, not ${shape.join()}`);
  const wanted = expected(normalised(batch, job.normalise), shape, drawn);
  checkClose(drawn.images.data, wanted, { tolerance: 1e-4 }, 'pixels');
  checkLabels(job, drawn, shape);
}
