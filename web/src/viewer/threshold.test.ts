// The rule against numbers worked out apart from it: the same table stands in the unit test of C.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { areaCurve, countAt, cumulate, foregroundLut, pixelArea, qMin, toMilli } from './threshold'

// threshold in thousandths, smallest foreground q = ceil(255 t)
const TABLE: readonly [number, number][] = [
  [0, 0],
  [1, 1],
  [3, 1],
  [4, 2],
  [100, 26],
  [200, 51],
  [250, 64],
  [300, 77],
  [333, 85],
  [334, 86],
  [400, 102],
  [499, 128],
  [500, 128],
  [501, 128],
  [502, 129],
  [600, 153],
  [700, 179],
  [800, 204],
  [996, 254],
  [997, 255],
  [1000, 255],
]

test('threshold: the smallest foreground q follows the table', () => {
  for (const [milli, q] of TABLE) assert.equal(qMin(milli), q, `at ${milli}`)
})

test('threshold: whole numbers agree with ceil(255 t) for every thousandth', () => {
  for (let milli = 0; milli <= 1000; milli++) {
    let q = 0
    while (q * 1000 < 255 * milli) q++ // ceil without a division
    assert.equal(qMin(milli), q)
  }
})

test('threshold: t is taken at three decimals', () => {
  assert.equal(toMilli(0.1 + 0.2), 300)
  assert.equal(toMilli(0.5804), 580)
  assert.equal(toMilli(-1), 0)
  assert.equal(toMilli(7), 1000)
})

test('threshold: area from the histogram is the count of the pixels', () => {
  const q = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256)
  const histogram = new Array<number>(256).fill(0)
  for (const v of q) histogram[v] = (histogram[v] ?? 0) + 1
  const cumulated = cumulate(histogram)
  for (const milli of [0, 1, 200, 333, 500, 800, 1000]) {
    const lut = foregroundLut(milli)
    assert.equal(countAt(cumulated, milli), q.filter((v) => lut[v] === 1).length)
  }
})

test('threshold: the curve falls and ends at the ends', () => {
  const cumulated = cumulate(Array.from({ length: 256 }, (_, i) => i + 1))
  const curve = areaCurve(cumulated, 200, 800, 61)
  assert.equal(curve[0]?.milli, 200)
  assert.equal(curve.at(-1)?.milli, 800)
  for (let i = 1; i < curve.length; i++) assert.ok((curve[i]?.voxels ?? 0) <= (curve[i - 1]?.voxels ?? 0))
})

test('threshold: area of a pixel needs the spacing', () => {
  assert.equal(pixelArea([0.5, 0.25, 3]), 0.125)
  assert.equal(pixelArea(null), null)
})
