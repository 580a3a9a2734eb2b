import { test } from 'node:test'
import assert from 'node:assert/strict'
import { fitView, keepInSight, toImage, visible, zoomAt } from './geometry'

const image = { width: 200, height: 100, aspect: 1 }
const canvas = { width: 400, height: 400 }

test('geometry: a fitted image lies in the middle', () => {
  assert.deepEqual(fitView(image, canvas), { scale: 2, x: 0, y: 100 })
})

test('geometry: pixels that are not square keep their shape', () => {
  const v = fitView({ width: 100, height: 100, aspect: 2 }, canvas)
  assert.equal(v.scale, 2)
  assert.deepEqual(toImage(v, 2, v.x + 100 * v.scale, v.y + 100 * 2 * v.scale), { x: 100, y: 100 })
})

test('geometry: zooming keeps the point under the cursor', () => {
  const v = fitView(image, canvas)
  const before = toImage(v, 1, 150, 170)
  const after = toImage(zoomAt(v, 3.7, 150, 170, 0.1), 1, 150, 170)
  assert.ok(Math.abs(before.x - after.x) < 1e-9 && Math.abs(before.y - after.y) < 1e-9)
})

test('geometry: zoom has an end on both sides', () => {
  const v = fitView(image, canvas)
  assert.equal(zoomAt(v, 1e9, 0, 0, 0.5).scale, 64)
  assert.equal(zoomAt(v, 1e-9, 0, 0, 0.5).scale, 0.5)
})

test('geometry: the picture cannot be lost by dragging', () => {
  const v = keepInSight({ scale: 2, x: 1e6, y: -1e6 }, image, canvas)
  assert.equal(v.x, 300)
  assert.equal(v.y, -150)
})

test('geometry: the visible part is clipped to the image', () => {
  assert.deepEqual(visible({ scale: 4, x: -100, y: -40 }, image, canvas), { x0: 25, y0: 10, x1: 125, y1: 100 })
})
