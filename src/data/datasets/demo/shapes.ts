/**
 * The objects of the demo data set as signed distance functions: negative inside; x to the right, y down; the
 * object fits the circle of radius 1 around the origin. A new class needs an entry in `shapes`.
 */
export type Shape = (x: number, y: number) => number;

type Point = readonly [x: number, y: number];

const disk = (x: number, y: number, radius: number) => Math.sqrt(x * x + y * y) - radius;

function rectangle(x: number, y: number, halfWidth: number, halfHeight: number): number {
  const dx = Math.abs(x) - halfWidth;
  const dy = Math.abs(y) - halfHeight;
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0);
}

/** The distance to the nearest edge; its sign is found by the even-odd rule. */
function polygon(corners: readonly Point[]): Shape {
  // Each edge is five numbers: start x, start y, run, rise, 1 / length². A flat array, since painting spends
  // most time here.
  const edges = Float64Array.from(
    corners.flatMap(([ax, ay], i) => {
      const [bx, by] = corners[(i + 1) % corners.length];
      return [ax, ay, bx - ax, by - ay, 1 / ((bx - ax) ** 2 + (by - ay) ** 2)];
    }),
  );
  return (x, y) => {
    let nearest = Infinity; // squared
    let inside = false;
    for (let i = 0; i < edges.length; i += 5) {
      const px = x - edges[i];
      const py = y - edges[i + 1];
      const run = edges[i + 2];
      const rise = edges[i + 3];
      const along = Math.min(1, Math.max(0, (px * run + py * rise) * edges[i + 4]));
      const dx = px - along * run;
      const dy = py - along * rise;
      nearest = Math.min(nearest, dx * dx + dy * dy);
      if (py < 0 !== py < rise && px < (py / rise) * run) inside = !inside;
    }
    return inside ? -Math.sqrt(nearest) : Math.sqrt(nearest);
  };
}

/** Points of a closed curve, t from 0 to 2π. */
const curve = (points: number, at: (t: number) => Point): Point[] =>
  Array.from({ length: points }, (_, i) => at((2 * Math.PI * i) / points));

const star = curve(10, (t) => {
  const radius = Math.round((t / Math.PI) * 5) % 2 === 0 ? 1 : 0.45;
  return [radius * Math.sin(t), -radius * Math.cos(t)];
});

const heart = curve(28, (t) => [
  0.9 * Math.sin(t) ** 3,
  -(13 * Math.cos(t) - 5 * Math.cos(2 * t) - 2 * Math.cos(3 * t) - Math.cos(4 * t)) / 17,
]);

const flower = curve(48, (t) => {
  const radius = 0.72 + 0.24 * Math.cos(6 * t);
  return [radius * Math.cos(t), radius * Math.sin(t)];
});

const body = curve(24, (t) => [0.12 + 0.68 * Math.cos(t), 0.42 * Math.sin(t)]);
const fishBody = polygon(body);
const fishTail = polygon([
  [-0.4, 0],
  [-0.95, -0.45],
  [-0.8, 0],
  [-0.95, 0.45],
]);

/** The classes by name, ordered by bytes. */
export const shapes: Readonly<Record<string, Shape>> = {
  arrow: polygon([
    [1, 0],
    [0.25, -0.7],
    [0.25, -0.3],
    [-0.95, -0.3],
    [-0.95, 0.3],
    [0.25, 0.3],
    [0.25, 0.7],
  ]),
  ball: (x, y) => disk(x, y, 0.85),
  cross: (x, y) => Math.min(rectangle(x, y, 0.95, 0.3), rectangle(x, y, 0.3, 0.95)),
  fish: (x, y) => Math.min(fishBody(x, y), fishTail(x, y)),
  flower: polygon(flower),
  heart: polygon(heart),
  house: polygon([
    [0, -0.95],
    [0.85, -0.2],
    [0.62, -0.2],
    [0.62, 0.75],
    [-0.62, 0.75],
    [-0.62, -0.2],
    [-0.85, -0.2],
  ]),
  moon: (x, y) => Math.max(disk(x, y, 0.92), -disk(x - 0.42, y - 0.1, 0.72)),
  ring: (x, y) => Math.abs(disk(x, y, 0.66)) - 0.25,
  star: polygon(star),
};
