import { createMixer, uploadBatch } from 'saliencymix';

const mixer = createMixer({ method: 'saliencymix', classes: 10, seed: 1 });
const pixels = Uint8Array.from({ length: 8 * 32 * 32 * 3 }, (_, i) => (i * i) >> 7);
const labels = new Int32Array(8);

const batch = await uploadBatch({ data: pixels, shape: [8, 32, 32, 3] }); // to the first backend of backends()
const { peaks } = await batch.saliency({ maps: false }); // only the peaks and lows come back
const mixed = await mixer.mix(batch, labels, { output: { layout: 'NCHW', dtype: 'float32' } });
const again = await mixer.mix(batch, labels, {
  output: { layout: 'NCHW', dtype: 'float32' },
  into: mixed.images, // in the memory of `mixed`
});
const { data } = await again.images.download();
console.log(`${peaks.length / 2} peaks, ${data.length} pixels mixed on ${batch.backend}`);

batch.free(); // or `using`, or the garbage collector
again.images.free();
