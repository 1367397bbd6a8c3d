import { drawBox, drawCross, mapToGray, overlay } from '../../src/report/overlay';

const blank = (height: number, width: number) => ({
  pixels: new Uint8Array(height * width * 3),
  height,
  width,
});
/** Which pixels have a colour, as text. */
const drawn = ({ pixels, height, width }: ReturnType<typeof blank>, is = (r: number) => r > 0) =>
  Array.from({ length: height }, (__, row) =>
    Array.from({ length: width }, (_, col) => (is(pixels[3 * (row * width + col)]) ? '#' : '.')).join(''),
  );

test('a box is the outermost pixels inside it', () => {
  const canvas = blank(5, 6);
  drawBox(canvas, { top: 1, left: 1, bottom: 5, right: 5 }, [255, 1, 2]);
  expect(drawn(canvas)).toEqual(['......', '.####.', '.#..#.', '.#..#.', '.####.']);
  expect([...canvas.pixels.subarray(3 * 7, 3 * 8)]).toEqual([255, 1, 2]);
});

test('a box over the border is cut off, a small one is filled, an empty one draws nothing', () => {
  const canvas = blank(3, 3);
  drawBox(canvas, { top: -2, left: -2, bottom: 2, right: 2 }, [9, 9, 9]);
  expect(drawn(canvas)).toEqual(['.#.', '##.', '...']);
  const small = blank(3, 3);
  drawBox(small, { top: 1, left: 1, bottom: 2, right: 2 }, [9, 9, 9], 4);
  expect(drawn(small)).toEqual(['...', '.#.', '...']);
  drawBox(small, { top: 0, left: 0, bottom: 0, right: 3 }, [9, 9, 9]);
  expect(drawn(small)).toEqual(['...', '.#.', '...']);
});

test('a cross has its outline around it', () => {
  const canvas = { ...blank(7, 7), pixels: new Uint8Array(147).fill(100) };
  drawCross(canvas, [3, 3], [200, 0, 0], 2, 0);
  expect(drawn(canvas, (r) => r === 200)).toEqual([
    '.......',
    '...#...',
    '...#...',
    '.#####.',
    '...#...',
    '...#...',
    '.......',
  ]);
  expect(drawn(canvas, (r) => r === 0)[2]).toBe('###.###');
});

test('the map is stretched to its own range; a constant one is dark', () => {
  expect([...mapToGray(Float32Array.of(2, 4, 3))]).toEqual([0, 255, 128]);
  expect([...mapToGray(Float32Array.of(7, 7))]).toEqual([0, 0]);
});

test('heat is brightest at the peak, and the image shows through', () => {
  const pixels = new Uint8Array(4 * 3).fill(100);
  const heated = overlay(pixels, Float32Array.of(0, 1, 0.5, 0));
  const sum = (i: number) => heated[3 * i] + heated[3 * i + 1] + heated[3 * i + 2];
  expect(sum(1)).toBeGreaterThan(sum(2));
  expect(sum(2)).toBeGreaterThan(sum(0));
  expect(heated[0]).toBe(40); // 0.4 of the gray, and the darkest heat has no red
  expect(pixels.every((v) => v === 100)).toBe(true);
});

test('shares are not stretched: of a constant one half all pixels have the middle colour', () => {
  const pixels = new Uint8Array(2 * 3).fill(100);
  const half = overlay(pixels, Float32Array.of(0.5, 0.5), true);
  // 0.4 of the gray, and 0.6 of the middle of the colours, 187, 55, 84.
  expect([...half]).toEqual([152, 73, 90, 152, 73, 90]);
  expect([...overlay(pixels, Float32Array.of(0.5, 0.5))]).toEqual([40, 40, 47, 40, 40, 47]);
});
