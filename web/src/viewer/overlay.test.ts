import { test } from 'node:test'
import assert from 'node:assert/strict'
import { applyWindow, fillForeground, outlineRuns, parseColour, windowLut } from './overlay'

const plane = { width: 4, height: 3, q: Uint8Array.from([0, 0, 0, 0, 0, 200, 200, 0, 0, 0, 200, 0]) }

test('overlay: only the foreground is painted', () => {
  const out = new Uint32Array(12)
  fillForeground(out, plane, 128, [1, 2, 3])
  const on = 0xff030201
  assert.deepEqual([...out], [0, 0, 0, 0, 0, on, on, 0, 0, 0, on, 0])
  fillForeground(out, plane, 201, [1, 2, 3])
  assert.ok(out.every((x) => x === 0))
})

test('overlay: the outline is the closed border of the foreground', () => {
  const runs = outlineRuns(plane, 128, 0, 0, 4, 3)
  let length = 0
  const ends = new Map<string, number>()
  for (let i = 0; i < runs.length; i += 4) {
    const [ax, ay, bx, by] = [runs[i] ?? 0, runs[i + 1] ?? 0, runs[i + 2] ?? 0, runs[i + 3] ?? 0]
    length += Math.abs(bx - ax) + Math.abs(by - ay)
    for (const p of [`${ax} ${ay}`, `${bx} ${by}`]) ends.set(p, (ends.get(p) ?? 0) + 1)
  }
  assert.equal(length, 8) // three pixels in an L
  for (const [p, n] of ends) assert.equal(n % 2, 0, `open at ${p}`)
})

test('overlay: foreground at the rim of the image has a border there', () => {
  const full = { width: 2, height: 2, q: new Uint8Array(4).fill(255) }
  const runs = outlineRuns(full, 1, 0, 0, 2, 2)
  assert.equal(runs.length / 4, 4)
})

test('overlay: colours of labels, and a safe one for nonsense', () => {
  assert.deepEqual(parseColour('#10a0ff'), [16, 160, 255])
  assert.deepEqual(parseColour('url(x)'), [255, 159, 67])
  assert.deepEqual(parseColour(undefined), [255, 159, 67])
})

test('overlay: window and inversion', () => {
  const lut = windowLut({ low: 50, high: 150, invert: false })
  assert.deepEqual([lut[0], lut[50], lut[100], lut[150], lut[255]], [0, 0, 128, 255, 255])
  assert.equal(windowLut({ low: 0, high: 255, invert: true })[40], 215)
  const out = new Uint8ClampedArray(4)
  applyWindow(Uint8ClampedArray.from([0, 100, 200, 77]), out, { low: 0, high: 255, invert: true })
  assert.deepEqual([...out], [255, 155, 55, 77])
})
