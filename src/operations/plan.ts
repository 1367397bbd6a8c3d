/** What is done to each image of a batch, as plain data: drawn here or by a policy, and applied by native code. */
import { nativeOperations, type OperationSteps } from '../native/operations';
import { aboutOperation, type ImageOperation, imageOperationNames } from './table';

/** An operation on one image. */
export interface DrawnOperation {
  /** `Cutout` is a policy's own: it needs a place. */
  operation: ImageOperation | 'Cutout';
  /** 0 where the operation has none. */
  magnitude: number;
  /** Row and column of the middle, of `Cutout`. */
  at?: readonly [row: number, column: number];
}

/** The operations of each image, in their order, as native code takes them: as many for each. */
export function operationSteps(
  images: readonly (readonly DrawnOperation[])[],
  fill: readonly [number, number, number],
): OperationSteps {
  const each = images.reduce((most, one) => Math.max(most, one.length), 1);
  const length = images.length * each;
  const numbers = new Map(nativeOperations().map((name, number) => [name, number]));
  const steps = new Int32Array(3 * length); // where an image has fewer: operation 0, Identity
  const magnitudes = new Float64Array(length);
  images.forEach((operations, image) => {
    operations.forEach(({ operation, magnitude, at: [row, column] = [0, 0] }, i) => {
      const at = image * each + i;
      steps.set([numbers.get(operation) ?? 0, row, column], 3 * at);
      magnitudes[at] = magnitude;
    });
  });
  return { stepsPerImage: each, steps, magnitudes, fill: Uint8Array.from(fill) };
}

/** What steps do to the places of pixels: those that change values alone are left out, and what is left open is 0. */
export function placesOf({ stepsPerImage, steps, magnitudes }: OperationSteps): OperationSteps {
  const names = nativeOperations();
  const ofValues: readonly string[] = imageOperationNames.filter((name) => !aboutOperation(name).moves);
  const identity = names.indexOf('Identity');
  const kept = steps.slice();
  for (let at = 0; at < kept.length; at += 3) if (ofValues.includes(names[kept[at]])) kept[at] = identity;
  return { stepsPerImage, steps: kept, magnitudes, fill: new Uint8Array(3) };
}

/** The steps of some images, in their order. */
export function stepsOfImages(
  { stepsPerImage, steps, magnitudes, fill }: OperationSteps,
  images: readonly number[],
): OperationSteps {
  const rows = images.flatMap((image) =>
    Array.from({ length: stepsPerImage }, (_, i) => image * stepsPerImage + i),
  );
  return {
    stepsPerImage,
    steps: Int32Array.from(rows.flatMap((row) => [...steps.subarray(3 * row, 3 * row + 3)])),
    magnitudes: Float64Array.from(rows, (row) => magnitudes[row]),
    fill,
  };
}

/** The operations of one image of a batch, but for those that change nothing. */
export function operationsOf(
  { stepsPerImage, steps, magnitudes }: OperationSteps,
  image: number,
): DrawnOperation[] {
  const drawn: DrawnOperation[] = [];
  for (let step = image * stepsPerImage; step < (image + 1) * stepsPerImage; step++) {
    const [number, row, column] = steps.subarray(3 * step, 3 * step + 3);
    const operation = nativeOperations()[number] as DrawnOperation['operation'];
    if (operation === 'Identity') continue;
    const place = operation === 'Cutout' ? { at: [row, column] as const } : {};
    drawn.push({ operation, magnitude: magnitudes[step], ...place });
  }
  return drawn;
}
