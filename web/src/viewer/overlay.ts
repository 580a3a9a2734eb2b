// From probability bytes to what is painted over the image. Pure functions on
// typed arrays; the surface puts their results on the screen.

/** One class plane of q bytes, x fastest. */
export interface Plane {
  width: number
  height: number
  q: Uint8Array
}

export type Rgb = readonly [number, number, number]

/** `#rrggbb` of a label; anything else gives the portal's own overlay colour. */
export function parseColour(s: string | undefined): Rgb {
  const m = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(s ?? '')
  if (m === null) return [255, 159, 67]
  return [parseInt(m[1] ?? '', 16), parseInt(m[2] ?? '', 16), parseInt(m[3] ?? '', 16)]
}

/** RGBA as one little-endian word, so that a pixel is written at once. */
function word([r, g, b]: Rgb): number {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0
}

/** Paint the foreground in one solid colour; the surface sets the opacity when drawing. */
export function fillForeground(out: Uint32Array, plane: Plane, qmin: number, colour: Rgb): void {
  const lut = new Uint32Array(256).fill(word(colour), qmin)
  const q = plane.q
  const n = Math.min(out.length, q.length)
  for (let i = 0; i < n; i++) out[i] = lut[q[i] ?? 0] ?? 0
}

export interface Window {
  low: number // grey value shown black
  high: number // grey value shown white
  invert: boolean
}

export const FULL_WINDOW: Window = { low: 0, high: 255, invert: false }

export function isFull(w: Window): boolean {
  return w.low === 0 && w.high === 255 && !w.invert
}

/** Grey value in -> grey value shown. */
export function windowLut(w: Window): Uint8Array {
  const lut = new Uint8Array(256)
  const span = Math.max(1, w.high - w.low)
  for (let i = 0; i < 256; i++) {
    const v = Math.min(255, Math.max(0, Math.round(((i - w.low) * 255) / span)))
    lut[i] = w.invert ? 255 - v : v
  }
  return lut
}

export function applyWindow(rgba: Uint8ClampedArray, out: Uint8ClampedArray, w: Window): void {
  const lut = windowLut(w)
  for (let i = 0; i + 3 < rgba.length; i += 4) {
    out[i] = lut[rgba[i] ?? 0] ?? 0
    out[i + 1] = lut[rgba[i + 1] ?? 0] ?? 0
    out[i + 2] = lut[rgba[i + 2] ?? 0] ?? 0
    out[i + 3] = rgba[i + 3] ?? 255
  }
}

/**
 * The border of the foreground as straight runs along pixel edges, inside the
 * window [x0,x1) x [y0,y1): four numbers a run (ax, ay, bx, by) in image space.
 * Edges of the image itself count as border.
 */
export function outlineRuns(plane: Plane, qmin: number, x0: number, y0: number, x1: number, y1: number): Int32Array {
  const { width, height, q } = plane
  const runs: number[] = []
  const on = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && (q[y * width + x] ?? 0) >= qmin

  for (let y = y0; y <= y1; y++) {
    let start = -1
    for (let x = x0; x < x1; x++) {
      const edge = on(x, y - 1) !== on(x, y)
      if (edge && start < 0) start = x
      if (!edge && start >= 0) {
        runs.push(start, y, x, y)
        start = -1
      }
    }
    if (start >= 0) runs.push(start, y, x1, y)
  }
  for (let x = x0; x <= x1; x++) {
    let start = -1
    for (let y = y0; y < y1; y++) {
      const edge = on(x - 1, y) !== on(x, y)
      if (edge && start < 0) start = y
      if (!edge && start >= 0) {
        runs.push(x, start, x, y)
        start = -1
      }
    }
    if (start >= 0) runs.push(x, start, x, y1)
  }
  return Int32Array.from(runs)
}
