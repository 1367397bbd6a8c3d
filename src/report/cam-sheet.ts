/** The sheet of class activation maps: images, and beside each where the network sees a class. */
import type { Box } from '../types';
import { compose, fitted, type Layer, type Picture, text } from './canvas';
import { type Colour, drawBox, drawCross, enlarge, factorFor, overlay } from './overlay';

export interface CamCell {
  picture: Picture;
  /** Drawn over the picture, of the size that `drawnSize` gives. */
  map?: Float32Array;
  box?: Box;
  /** [row, col] in the picture. */
  peak?: readonly [number, number];
  title: string;
  note: string;
  /** Whose class it is, in a row about a mixed image. */
  of?: 'target' | 'source';
}

/** Cells that belong together, or places that stay empty. */
export type CamRow = readonly (CamCell | undefined)[];

const CELL = 224;
/** Narrower cells would have no room for words. */
const NARROWEST = 150;
const GAP = 14;
const APART = 14;
const MARGIN = 22;
const HEADING = 74;
const WORDS = 42;
/** Room for the names of columns. */
const COLUMN_NAMES = 20;
const WIDEST = 1200;
/** Of the sheet: a narrower one would have no room for its heading. */
const SMALLEST = 460;
const GROUND = '#ffffff';
const INK = '#1c1e21';
const FAINT = '#6a7077';
const COLOURS = { target: '#2563a8', source: '#d2561b' };
const BOX: Colour = [255, 214, 10];
const PEAK: Colour = [0, 255, 140];

/** Height and width of a picture of that size on the sheet, before a large one is reduced. */
export function drawnSize(height: number, width: number): [height: number, width: number] {
  const factor = factorFor(height, width, CELL);
  return [height * factor, width * factor];
}

async function pictureOf({ picture, map, box, peak }: CamCell): Promise<Buffer> {
  const factor = factorFor(picture.height, picture.width, CELL);
  const canvas = enlarge(picture, factor);
  if (map) canvas.pixels = overlay(canvas.pixels, map);
  const line = Math.max(2, Math.round((2 * Math.max(canvas.height, canvas.width)) / CELL));
  if (box) {
    const { top, left, bottom, right } = box;
    const larger = { top: top * factor, left: left * factor, bottom: bottom * factor, right: right * factor };
    drawBox(canvas, larger, BOX, line);
  }
  const middle = (at: number) => Math.floor((at + 0.5) * factor);
  if (peak) drawCross(canvas, [middle(peak[0]), middle(peak[1])], PEAK, 3 * line);
  return fitted(canvas, CELL);
}

interface Place {
  left: number;
  top: number;
}

async function cellLayers(
  cell: CamCell,
  { left, top }: Place,
  [height, width]: readonly [number, number],
): Promise<Layer[]> {
  const { title, note, of } = cell;
  const words = (content: string, size: number, colour: string) =>
    text(content, { size, colour, maxWidth: width });
  return [
    { input: await pictureOf(cell), left, top },
    { input: await words(title, 13, of ? COLOURS[of] : INK), left, top: top + height + 4 },
    ...(note === '' ? [] : [{ input: await words(note, 12, FAINT), left, top: top + height + 21 }]),
  ];
}

interface Heading {
  title: string;
  subtitle: string;
  /** What is in each column, where rows do not stand beside one another. */
  columns?: readonly string[];
  /** Rows that belong together, where they do: those that follow stand apart. */
  together?: number;
}

async function headingLayers(
  { title, subtitle, columns = [] }: Heading,
  maxWidth: number,
  pitch: number,
): Promise<Layer[]> {
  const names = columns.map(async (name, column) => ({
    input: await text(name, { size: 12, colour: FAINT, maxWidth: pitch - GAP }),
    left: MARGIN + column * pitch,
    top: HEADING - 1,
  }));
  return [
    { input: await text(title, { size: 18, colour: INK, maxWidth }), left: MARGIN, top: 14 },
    { input: await text(subtitle, { size: 12, colour: FAINT, maxWidth }), left: MARGIN, top: 40 },
    ...(await Promise.all(names)),
  ];
}

/**
 * A PNG of rows of cells, several beside one another where they are short. All pictures have one size; maps are drawn in heat
 * colours over a gray copy, each stretched from its least to its largest value.
 */
export async function camSheet(rows: readonly CamRow[], heading: Heading): Promise<Buffer> {
  const { picture } = rows.flat().find((cell) => cell !== undefined) as CamCell;
  const [drawnHeight, drawnWidth] = drawnSize(picture.height, picture.width);
  const reduced = Math.min(1, CELL / Math.max(drawnHeight, drawnWidth));
  const height = Math.round(drawnHeight * reduced);
  const width = Math.max(NARROWEST, Math.round(drawnWidth * reduced));
  // Rows with their distances: those of cells, and a larger one to the next row.
  const rowWidth = Math.max(...rows.map((row) => row.length)) * (width + GAP) + APART;
  const most = heading.columns ? 1 : Math.max(1, Math.floor((WIDEST + GAP + APART) / rowWidth));
  const beside = Math.min(rows.length, most);
  const top = HEADING + (heading.columns ? COLUMN_NAMES : 0);
  const down = (line: number) =>
    line * (height + WORDS + GAP) + 2 * APART * Math.floor(line / (heading.together ?? Infinity));
  const placeOf = (row: number, column: number): Place => ({
    left: MARGIN + (row % beside) * rowWidth + column * (width + GAP),
    top: top + down(Math.floor(row / beside)),
  });
  const layers = rows.flatMap((row, i) =>
    row.flatMap((cell, j) => (cell ? [cellLayers(cell, placeOf(i, j), [height, width])] : [])),
  );
  const whole = Math.max(SMALLEST, 2 * MARGIN + beside * rowWidth - GAP - APART);
  const bottom = top + down(Math.ceil(rows.length / beside) - 1) + height + WORDS + MARGIN;
  return compose(whole, bottom, GROUND, [
    ...(await headingLayers(heading, whole - 2 * MARGIN, width + GAP)),
    ...(await Promise.all(layers)).flat(),
  ]);
}
