/** The contact sheet: one row per sample, with target, source, saliency map, mixed image and label. */
import type { Box } from '../types';
import { bar, compose, fitted, type Layer, type Picture, text } from './canvas';
import { type Colour, drawBox, drawCross, enlarge, factorFor, overlay } from './overlay';

export interface SheetRow {
  target: Picture;
  source: Picture;
  /** Saliency of the source, height × width; of samples that are mixed by masks, the share of the source in each pixel. */
  map: Float32Array;
  /** [row, col] of the source's anchor. */
  peak?: readonly [number, number];
  from?: Box;
  to?: Box;
  mixed: Picture;
  lambda: number;
  targetClass: string;
  sourceClass: string;
  /** The sample was not mixed: the result is the target. */
  kept: boolean;
}

const CELL = 144;
const GAP = 12;
const MARGIN = 20;
const HEADING = 76;
const WORDS = 230;
const GROUND = '#ffffff';
const INK = '#1c1e21';
const FAINT = '#6a7077';
const OF_TARGET = '#2563a8';
const OF_SOURCE = '#d2561b';
const BOX: Colour = [255, 214, 10];
const PEAK: Colour = [0, 255, 140];

/** What the maps are: of the source's saliency, or how much of the source a mixed image shows. */
export type SheetMaps = 'saliency of source' | 'share of source';

const COLUMNS = ['target', 'source', 'map', 'mixed'];
const WIDTH = 2 * MARGIN + COLUMNS.length * (CELL + GAP) + WORDS;
const columnLeft = (column: number) => MARGIN + column * (CELL + GAP);

function marked(picture: Picture, box: Box | undefined, peak?: readonly [number, number]): Promise<Buffer> {
  const factor = factorFor(picture.height, picture.width, CELL);
  const canvas = enlarge(picture, factor);
  // Thicker where a large picture is reduced to the cell afterwards, so that lines are two pixels wide then.
  const line = Math.max(2, Math.round((2 * Math.max(canvas.height, canvas.width)) / CELL));
  if (box) {
    const { top, left, bottom, right } = box;
    drawBox(
      canvas,
      { top: top * factor, left: left * factor, bottom: bottom * factor, right: right * factor },
      BOX,
      line,
    );
  }
  const middle = (at: number) => Math.floor((at + 0.5) * factor);
  if (peak) drawCross(canvas, [middle(peak[0]), middle(peak[1])], PEAK, 3 * line);
  return fitted(canvas, CELL);
}

async function words(row: SheetRow, top: number): Promise<Layer[]> {
  const left = columnLeft(COLUMNS.length) + 4;
  const { targetClass, sourceClass, kept } = row;
  const lambda = kept ? 1 : row.lambda; // of an image mixed with itself, all is the target

  const line = async (content: string, at: number, size: number, colour: string): Promise<Layer> => ({
    input: await text(content, { size, colour, maxWidth: WORDS }),
    left,
    top: top + at,
  });
  const share = Math.round(lambda * (WORDS - 30));
  const layers = [
    await line(kept ? 'not mixed' : `λ = ${lambda.toFixed(2)}`, 24, 17, INK),
    { input: await bar(WORDS - 30, 8, OF_SOURCE), left, top: top + 52 },
    { input: await bar(share, 8, OF_TARGET), left, top: top + 52 },
    await line(`${lambda.toFixed(2)} ${targetClass}`, 70, 14, OF_TARGET),
  ];
  if (lambda < 1) layers.push(await line(`${(1 - lambda).toFixed(2)} ${sourceClass}`, 92, 14, OF_SOURCE));
  return layers;
}

async function rowLayers(row: SheetRow, top: number, maps: SheetMaps): Promise<Layer[]> {
  const isShares = maps === 'share of source';
  const ground = isShares ? row.mixed : row.source;
  const heat: Picture = { ...ground, pixels: overlay(ground.pixels, row.map, isShares) };
  const cells = await Promise.all([
    marked(row.target, row.to),
    marked(row.source, row.from, row.peak),
    marked(heat, row.from, row.peak),
    marked(row.mixed, undefined),
  ]);
  return [
    ...cells.map((input, column) => ({ input, left: columnLeft(column), top })),
    ...(await words(row, top)),
  ];
}

interface Heading {
  title: string;
  subtitle: string;
  /** Saliency of the source unless given. */
  maps?: SheetMaps;
}

async function headingLayers({ title, subtitle, maps }: Required<Heading>): Promise<Layer[]> {
  const maxWidth = WIDTH - 2 * MARGIN;
  const above = [
    { input: await text(title, { size: 18, colour: INK, maxWidth }), left: MARGIN, top: 14 },
    { input: await text(subtitle, { size: 12, colour: FAINT, maxWidth }), left: MARGIN, top: 38 },
  ];
  const names = COLUMNS.map(async (name, column) => ({
    input: await text(name === 'map' ? maps : name, { size: 12, colour: FAINT, maxWidth: CELL + GAP }),
    left: columnLeft(column),
    top: HEADING - 16,
  }));
  return [...above, ...(await Promise.all(names))];
}

/**
 * A PNG with a row per sample: the target with the box of the patch, the source with its box (yellow) and
 * anchor (green cross), the source's saliency map with both, or the share of the source over the mixed image, the
 * mixed image, and the label as words and as a bar.
 */
export async function contactSheet(
  rows: readonly SheetRow[],
  { maps = 'saliency of source', ...heading }: Heading,
): Promise<Buffer> {
  const lines = await Promise.all(rows.map((row, i) => rowLayers(row, HEADING + 4 + i * (CELL + GAP), maps)));
  const height = HEADING + rows.length * (CELL + GAP) + MARGIN;
  return compose(WIDTH, height, GROUND, [...(await headingLayers({ ...heading, maps })), ...lines.flat()]);
}
