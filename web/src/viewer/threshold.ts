// The threshold rule, in whole numbers, the same in C, SQL and here:
// a probability p is stored as q = floor(255 p + 0.5), and at threshold t a
// voxel is foreground when q >= ceil(255 t), t taken at three decimals.

export const LOW = 200 // thousandths; the span a doctor tunes in
export const HIGH = 800
export const STEP = 5

/** Thresholds are handled as thousandths, so that 0.1 + 0.2 cannot happen. */
export function toMilli(t: number): number {
  return Math.min(1000, Math.max(0, Math.round(t * 1000)))
}

/** Smallest q that is foreground at a threshold of `milli` thousandths. */
export function qMin(milli: number): number {
  return Math.floor((milli * 255 + 999) / 1000)
}

/** 256 values: 1 where q is foreground. */
export function foregroundLut(milli: number): Uint8Array {
  return new Uint8Array(256).fill(1, qMin(milli))
}

/** `at[q]` = voxels with a value of at least q. Turns any threshold into one look-up. */
export function cumulate(histogram: readonly number[]): Float64Array {
  const at = new Float64Array(257)
  for (let q = 255; q >= 0; q--) at[q] = (at[q + 1] ?? 0) + (histogram[q] ?? 0)
  return at
}

/** Foreground voxels at a threshold. */
export function countAt(cumulated: Float64Array, milli: number): number {
  return cumulated[qMin(milli)] ?? 0
}

/** Area of one pixel in mm2, or null where the spacing is unknown. */
export function pixelArea(spacing: readonly [number, number, number] | null): number | null {
  return spacing === null ? null : spacing[0] * spacing[1]
}

export interface Point {
  milli: number
  voxels: number
}

/** Foreground over the threshold, for the curve of the instrument. */
export function areaCurve(cumulated: Float64Array, low: number, high: number, points: number): Point[] {
  const out: Point[] = []
  for (let i = 0; i < points; i++) {
    const milli = Math.round(low + ((high - low) * i) / (points - 1))
    out.push({ milli, voxels: countAt(cumulated, milli) })
  }
  return out
}
