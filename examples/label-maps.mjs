import { applyPlan, createMixer, openDataset } from 'saliencymix';

const dataset = await openDataset(process.argv[2] ?? 'demo'); // data with masks/ beside its images
const mixer = createMixer({ method: 'saliencymix', classes: dataset.classes.length, seed: 1 });
const batches = dataset.batches({ size: 64, batch: 50, masks: true });

for await (const { images, labels, masks, batch, slots } of batches) {
  const mixed = await mixer.mix(images, labels, { batch, slots });

  // What each pixel shows: 0, or 1 + the class of its image. Pasted as the images were.
  const [count, height, width] = masks.shape;
  const classes = masks.data.map((shown, i) => shown * (1 + labels[Math.floor(i / (height * width))]));
  const maps = await applyPlan(mixed.plan, { data: classes, shape: masks.shape });

  // A list of boxes for each image, half open, in pixels: here of its left half. What else a box has is kept; where little of a box
  // is left, it is dropped.
  const halves = Array.from({ length: count }, (_, image) => [
    { top: 0, left: 0, bottom: height, right: width / 2, image },
  ]);
  const boxes = await applyPlan(mixed.plan, halves);

  const shown = halves.map(
    (_, i) => new Set(maps.data.subarray(i * height * width, (i + 1) * height * width)),
  );
  const two = shown.filter((values) => values.size === 3).length; // 0, and the classes of target and source
  const pasted = boxes.flatMap((list, i) => list.filter(({ image }) => image !== i));
  console.log(
    `${two} of ${count} maps show two classes; ${boxes.flat().length} boxes, ${pasted.length} of them pasted`,
  );
}
await dataset.close();
