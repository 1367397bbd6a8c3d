/**
 * ONNX models from anywhere as classifiers: fixed batches are filled up and cut, and of several outputs the logits are
 * found. Types of numbers are converted where the model runs.
 */
import { SaliencyMixError } from '../errors';
import { type ImageInput, imageInputOf, imageShape, imageValues, tensorInWords } from '../onnx/image-input';
import { type OrtWorker, type Results, startOrtWorker, type TensorInfo } from '../onnx/ort-worker';
import { openIn, type OnnxModel } from '../onnx/session';
import { type Classifier, type Predictions, settingsIn } from './classifier';

export interface OnnxOptions {
  threads: number;
  /** Name of the output to take. */
  logits?: string;
  /** Of the data: how long a row of logits is where the model's file does not say it. */
  classes: number;
}

function fault(path: string, what: string, argument?: string): SaliencyMixError {
  return new SaliencyMixError('MODEL', `${path} ${what}`, { file: path, argument });
}

function checkedInput({ path, inputs }: OnnxModel): ImageInput {
  const input = imageInputOf(inputs);
  if (input) return input;
  const expected = 'must have one input of RGB images as float32, float16 or float64, N×3×H×W or N×H×W×3';
  throw fault(path, `${expected}; it has ${inputs.map(tensorInWords).join(', ') || 'none'}`);
}

const UNFIT =
  '--size decides their height and width, --batch 1 gives it one at a time, and a model of N×H×W×3 must have the 3 in the shape of its input';

/** Types of output that are numbers, or can be taken as such. */
const isNumeric = ({ type }: TensorInfo) => /^(float|u?int|bool)/.test(type);

/** The shape without sides of 1 behind the classes, as global pooling leaves them. */
const rowsOf = (shape: readonly number[]) =>
  shape.length > 2 && shape.slice(2).every((side) => side === 1) ? shape.slice(0, 2) : shape;

/** Which output the logits are: the one that was named, the only one, the only n × classes, or the one of that name. */
function chooseOutput(model: OnnxModel, results: Results, count: number, classes: number): string {
  const names = Object.keys(results);
  if (names.length === 1) return names[0];
  const fits = names.filter((name) => {
    const [n, k, ...more] = rowsOf(results[name].shape);
    return n === count && k === classes && more.length === 0;
  });
  if (fits.length === 1) return fits[0];
  if (names.includes('logits')) return 'logits';
  const all = model.outputs.map((output) => {
    const shape = results[output.name]?.shape ?? output.shape;
    return tensorInWords({ ...output, shape });
  });
  const which = fits.length > 1 ? 'several of them have' : 'none of them has';
  throw fault(
    model.path,
    `has the outputs ${all.join('; ')} for ${count} images, and ${which} a row of ${classes} classes for each: say which with --logits NAME (logits)`,
    'logits',
  );
}

/** The outputs that the logits are among. */
function candidates({ path, outputs }: OnnxModel, logits: string | undefined): string[] {
  const all = outputs.map(tensorInWords).join('; ') || 'none';
  const asked = outputs.find(({ name }) => name === logits);
  if (logits !== undefined && asked === undefined)
    throw fault(path, `has no output "${logits}" (--logits); its outputs: ${all}`, 'logits');
  const numeric = (asked ? [asked] : outputs).filter(isNumeric);
  if (numeric.length === 0)
    throw fault(path, `must give numbers, n × classes; its outputs: ${all}`, asked && 'logits');
  return numeric.map(({ name }) => name);
}

/** Runs of a fixed number of images, or of any number. */
class OnnxClassifier implements Classifier {
  readonly settings: Classifier['settings'];
  readonly layout: Classifier['layout'];
  readonly fixed: Classifier['fixed'];
  readonly #worker: OrtWorker;
  readonly #model: OnnxModel;
  readonly #input: ImageInput;
  readonly #classes: number;
  /** One, once it is known which. */
  #outputs: string[];

  constructor(worker: OrtWorker, model: OnnxModel, { logits, classes }: OnnxOptions) {
    this.#worker = worker;
    this.#model = model;
    this.#input = checkedInput(model);
    this.#outputs = candidates(model, logits);
    this.settings = settingsIn(model.metadata.notes);
    this.#classes = this.settings?.classes?.length ?? classes;
    this.layout = this.#input.layout;
    this.fixed = [this.#input.height, this.#input.width];
  }

  /** One run, of as many images as the model takes. */
  async #run(images: Float32Array, count: number, size: readonly number[]): Promise<Predictions> {
    const shape = imageShape(this.#input, count, size);
    const results = await this.#model.runFor(this.#outputs, images, shape);
    this.#outputs = [chooseOutput(this.#model, results, count, this.#classes)];
    const { data, shape: made } = results[this.#outputs[0]];
    const [n, classes, ...more] = rowsOf(made);
    if (n === count && classes !== undefined && more.length === 0) return { data, classes };
    const got = `[${made.join(', ')}] for ${count} images`;
    throw fault(this.#model.path, `must give n × classes, but gives ${got}`);
  }

  async predict(images: Float32Array, count: number, size: readonly number[]): Promise<Predictions> {
    const { batch = count } = this.#input;
    if (batch === count) return this.#run(images, count, size);
    const each = images.length / count;
    const all = imageValues(this.#model.path, batch, size);
    const parts: Predictions[] = [];
    for (let start = 0; start < count; start += batch) {
      const part = new Float32Array(all); // zeros fill the last one up
      part.set(images.subarray(start * each, Math.min(start + batch, count) * each));
      parts.push(await this.#run(part, batch, size));
    }
    const [{ classes }] = parts;
    const data = new Float32Array(parts.length * batch * classes);
    parts.forEach((part, i) => data.set(part.data, i * batch * classes));
    return { data: data.subarray(0, count * classes), classes };
  }

  close(): Promise<void> {
    return this.#worker.close();
  }
}

/** @throws (rejects) SaliencyMixError MODEL: not there, no model, or none of images */
export async function openOnnx(path: string, options: OnnxOptions): Promise<Classifier> {
  const worker = startOrtWorker();
  try {
    return new OnnxClassifier(
      worker,
      await openIn(worker, path, { threads: options.threads, unfit: UNFIT }),
      options,
    );
  } catch (error) {
    await worker.close();
    throw error;
  }
}
