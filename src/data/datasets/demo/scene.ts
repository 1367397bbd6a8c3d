/**
 * One picture of the demo data set: an object with texture, shading and shadow on a cluttered ground, seen by a
 * camera with grain and vignette. First all random numbers are drawn from the stream, then the scene is
 * painted. So the picture is always the same for the same seed.
 */
import type { Stream } from '../../../rng';
import { between, blend, colourOf, type Field, fractal, type Rgb, step } from './noise';
import { type Shape, shapes } from './shapes';

const ANY_WAY = Math.PI;
/** Objects are turned only a little, in radians: a house on its side would look like an arrow. */
const UPRIGHT = 0.5;

const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [1, 1, 1];

/** A shape at a place in the unit square, with a size, turned by an angle. */
interface Placed {
  shape: Shape;
  x: number;
  y: number;
  radius: number;
  cos: number;
  sin: number;
}

/**
 * Signed distance to a shape, in units of the square. Farther away than `near` it is only a lower bound, which
 * is cheaper.
 */
function distanceTo(item: Placed, x: number, y: number, near: number): number {
  const dx = x - item.x;
  const dy = y - item.y;
  const far = Math.sqrt(dx * dx + dy * dy) - item.radius;
  if (far > near) return far;
  const along = item.cos * dx + item.sin * dy;
  const across = item.cos * dy - item.sin * dx;
  return item.shape(along / item.radius, across / item.radius) * item.radius;
}

/** Draws a place at least `margin` from the border, and an angle up to `turn` in either direction. */
function place(stream: Stream, shape: Shape, radius: number, margin: number, turn: number): Placed {
  const angle = between(stream, -turn, turn);
  const at = () => between(stream, margin, 1 - margin);
  return { shape, x: at(), y: at(), radius, cos: Math.cos(angle), sin: Math.sin(angle) };
}

interface Clutter extends Placed {
  colour: Rgb;
  opacity: number;
  softness: number;
}

export interface Scene {
  ground: { texture: Field; colours: [Rgb, Rgb, Rgb]; horizon: number; slope: number };
  clutter: Clutter[];
  object: Placed & { colours: [Rgb, Rgb]; texture: Field; stripes: number; mottle: number };
  light: { x: number; y: number; strength: number; sheen: number };
  grain: number;
  grainSeed: number;
}

function drawGround(stream: Stream, hue: number): Scene['ground'] {
  const tone = (spread: number, value: number) =>
    colourOf(
      hue + between(stream, -spread, spread),
      between(stream, 0.08, 0.5),
      value + between(stream, -0.1, 0.1),
    );
  const colours: [Rgb, Rgb, Rgb] = [tone(0.06, 0.44), tone(0.1, 0.56), tone(0.2, 0.6)];
  const texture = fractal(stream, 3, 5, 0.62);
  return { texture, colours, horizon: between(stream, 0.15, 0.6), slope: between(stream, -0.2, 0.2) };
}

/**
 * Draws leaves, stones and sticks, mostly in colours of the ground. One in five has a vivid colour, which
 * misleads saliency methods that look at colour; one in forty is very bright or dark, which misleads those that
 * look at brightness.
 */
function drawClutter(stream: Stream, hue: number): Clutter[] {
  const outlines = [
    shapes.ball,
    shapes.flower,
    (x: number, y: number) => Math.max(Math.abs(x) - 0.95, Math.abs(y) - 0.12),
  ];
  return Array.from({ length: 7 + stream.below(9) }, () => {
    const glaring = stream.uniform() < 0.025;
    const radius = glaring ? between(stream, 0.015, 0.04) : between(stream, 0.03, 0.16);
    const placed = place(stream, outlines[stream.below(outlines.length)], radius, -0.05, ANY_WAY);
    const vivid = stream.uniform() < 0.2;
    const spread = vivid ? 0.5 : 0.15;
    const colour = colourOf(
      hue + between(stream, -spread, spread),
      vivid ? between(stream, 0.6, 0.95) : between(stream, 0.05, 0.6),
      glaring ? (stream.uniform() < 0.5 ? 0.98 : 0.05) : between(stream, 0.3, 0.75),
    );
    return {
      ...placed,
      colour,
      opacity: glaring ? 0.9 : between(stream, vivid ? 0.5 : 0.25, vivid ? 0.9 : 0.75),
      softness: between(stream, 0.002, 0.02),
    };
  });
}

/**
 * Draws the object: a bright one has dark marks, a dark one bright marks. Without marks, fine-grained saliency
 * would be as large on the ground next to the object as on it: bright on dark and dark on bright reach the same
 * maximum.
 */
function drawObject(stream: Stream, name: string, groundHue: number): Scene['object'] {
  const radius = between(stream, 0.2, 0.32);
  const placed = place(stream, shapes[name], radius, radius * 0.95, UPRIGHT);
  const hue = groundHue + between(stream, 0.08, 0.92);
  const value = stream.uniform() < 0.7 ? between(stream, 0.75, 1) : between(stream, 0.08, 0.3);
  const main = colourOf(hue, between(stream, 0.25, 0.85), value);
  const other = colourOf(
    hue + between(stream, -0.12, 0.12),
    between(stream, 0.3, 0.9),
    value > 0.5 ? value * between(stream, 0.15, 0.5) : between(stream, 0.6, 0.95),
  );
  const stripes = stream.uniform() < 0.5 ? between(stream, 3, 7) : 0;
  return {
    ...placed,
    colours: [main, other],
    texture: fractal(stream, 6, 3),
    stripes,
    mottle: between(stream, 0.3, 1.1),
  };
}

/** Draws all random numbers of a scene with an object of class `name`, one of shapes.ts. */
export function drawScene(stream: Stream, name: string): Scene {
  const hue = stream.uniform();
  const angle = between(stream, -ANY_WAY, ANY_WAY);
  return {
    ground: drawGround(stream, hue),
    clutter: drawClutter(stream, hue),
    object: drawObject(stream, name, hue),
    light: {
      x: Math.cos(angle),
      y: Math.sin(angle),
      strength: between(stream, 0.15, 0.4),
      sheen: between(stream, 0, 0.6),
    },
    grain: between(stream, 0.01, 0.035),
    grainSeed: stream.bits(),
  };
}

function groundAt({ texture, colours, horizon, slope }: Scene['ground'], x: number, y: number): Rgb {
  const noise = texture(x, y);
  const ground = blend(colours[0], colours[1], step(0.25, 0.75, noise));
  const behind = blend(colours[2], colours[1], 0.6 * noise);
  return blend(behind, ground, step(-0.05, 0.05, y - horizon - slope * (x - 0.5)));
}

function objectAt(scene: Scene, distance: number, x: number, y: number): Rgb {
  const { object, light } = scene;
  const [dx, dy] = [(x - object.x) / object.radius, (y - object.y) / object.radius];
  const along = object.cos * dx + object.sin * dy;
  const striped = object.stripes > 0 ? step(-0.3, 0.3, Math.sin(along * object.stripes * Math.PI)) : 0;
  const pattern = Math.max(striped * 0.9, object.mottle * object.texture(Math.abs(x), Math.abs(y)));
  const [r, g, b] = blend(object.colours[0], object.colours[1], Math.min(1, pattern));
  // It looks round: bright towards the light, darker at its edge, glossy where it faces the light.
  const facing = dx * light.x + dy * light.y;
  const shade = 1 + light.strength * facing - 0.35 * step(-0.12, 0, distance / object.radius);
  return blend([r * shade, g * shade, b * shade], WHITE, light.sheen * step(0.25, 0.9, facing));
}

/**
 * Grain of a pixel, −1 … 1: an integer hash of its index. A random stream per pixel would take longer than the
 * painting.
 */
function grainAt(seed: number, index: number): number {
  let h = (seed ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 0x80000000 - 1;
}

function colourAt(scene: Scene, x: number, y: number, edge: number): Rgb {
  let colour = groundAt(scene.ground, x, y);
  for (const item of scene.clutter) {
    const cover =
      item.opacity * (1 - step(-item.softness, item.softness, distanceTo(item, x, y, item.softness)));
    if (cover > 0) colour = blend(colour, item.colour, cover);
  }
  const { object, light } = scene;
  const shadow = 1 - step(-0.03, 0.05, distanceTo(object, x + 0.035 * light.x, y + 0.035 * light.y, 0.05));
  if (shadow > 0) colour = blend(colour, BLACK, 0.45 * shadow);
  const distance = distanceTo(object, x, y, edge);
  const cover = 1 - step(-edge, edge, distance);
  if (cover > 0) colour = blend(colour, objectAt(scene, distance, x, y), cover);
  const vignette = 1 - 0.35 * ((x - 0.5) ** 2 + (y - 0.5) ** 2);
  return [colour[0] * vignette, colour[1] * vignette, colour[2] * vignette];
}

/** The picture: side × side × 3, uint8 RGB. */
export function paint(scene: Scene, side: number): Uint8Array {
  const pixels = new Uint8Array(side * side * 3);
  for (let i = 0; i < side * side; i++) {
    const [x, y] = [((i % side) + 0.5) / side, (Math.floor(i / side) + 0.5) / side];
    const colour = colourAt(scene, x, y, 0.7 / side);
    const grain = scene.grain * grainAt(scene.grainSeed, i);
    for (let c = 0; c < 3; c++)
      pixels[3 * i + c] = Math.round(255 * Math.min(1, Math.max(0, colour[c] + grain)));
  }
  return pixels;
}

/** 1 where the object covers the middle of the pixel: side × side. */
export function mask(scene: Scene, side: number): Uint8Array {
  return Uint8Array.from({ length: side * side }, (_, i) => {
    const [x, y] = [((i % side) + 0.5) / side, (Math.floor(i / side) + 0.5) / side];
    return distanceTo(scene.object, x, y, 0) < 0 ? 1 : 0;
  });
}
