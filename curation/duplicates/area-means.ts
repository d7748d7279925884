import type { Pixels } from '../intake/pictures.ts';

/** A part of a picture in its own pixels, edges in fractions of a pixel. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A grey picture prepared for fast means over any area: sums over everything above and to the left of each corner. */
export interface SummedPicture {
  readonly width: number;
  readonly height: number;
  /** (height + 1) rows of (width + 1) sums. */
  readonly sums: Float64Array;
}

export function sumPicture({ width, height, data }: Pixels): SummedPicture {
  const stride = width + 1;
  const sums = new Float64Array(stride * (height + 1));
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      row += data[y * width + x]!;
      sums[(y + 1) * stride + x + 1] = sums[y * stride + x + 1]! + row;
    }
  }
  return { width, height, sums };
}

export function wholeOf({ width, height }: SummedPicture): Window {
  return { left: 0, top: 0, right: width, bottom: height };
}

/** Divides a window into side x side cells and writes the exact mean of each into `cells`, row by row. */
export function cellMeans(picture: SummedPicture, window: Window, side: number, cells: Float32Array): void {
  const { width, height, sums } = picture;
  const stride = width + 1;
  const corners = side + 1;
  const cellWidth = (window.right - window.left) / side;
  const cellHeight = (window.bottom - window.top) / side;
  let above = new Float64Array(corners);
  let below = new Float64Array(corners);
  for (let row = 0; row <= side; row++) {
    const y = clamp(window.top + row * cellHeight, height);
    const y0 = Math.min(height - 1, Math.floor(y));
    const fy = y - y0;
    for (let column = 0; column <= side; column++) {
      const x = clamp(window.left + column * cellWidth, width);
      const x0 = Math.min(width - 1, Math.floor(x));
      const fx = x - x0;
      const at = y0 * stride + x0;
      const upper = sums[at]! * (1 - fx) + sums[at + 1]! * fx;
      const lower = sums[at + stride]! * (1 - fx) + sums[at + stride + 1]! * fx;
      below[column] = upper * (1 - fy) + lower * fy;
    }
    if (row > 0) {
      for (let column = 0; column < side; column++) {
        const sum = below[column + 1]! - below[column]! - above[column + 1]! + above[column]!;
        cells[(row - 1) * side + column] = sum / (cellWidth * cellHeight);
      }
    }
    [above, below] = [below, above];
  }
}

/** Takes the mean away and scales to unit length, in place. False when there is nothing to see. */
export function standardise(cells: Float32Array): boolean {
  let sum = 0;
  for (const value of cells) sum += value;
  const mean = sum / cells.length;
  let squares = 0;
  for (let i = 0; i < cells.length; i++) {
    const value = cells[i]! - mean;
    cells[i] = value;
    squares += value * value;
  }
  // A spread of less than one step of luma is noise.
  if (squares < cells.length) return false;
  const scale = 1 / Math.sqrt(squares);
  for (let i = 0; i < cells.length; i++) cells[i]! *= scale;
  return true;
}

/** The mirror image of the picture. */
export function mirrorCells(cells: Float32Array, side: number): Float32Array {
  const mirrored = new Float32Array(cells.length);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) mirrored[y * side + x] = cells[y * side + side - 1 - x]!;
  return mirrored;
}

function clamp(value: number, largest: number): number {
  return value < 0 ? 0 : value > largest ? largest : value;
}
