// A screenshot as a PNG of at most 256 colours (median cut): a third of the size, for pages that
// people read. Takes what Chromium writes: 8 bit RGB or RGBA, not interlaced.
import { deflateSync, inflateSync } from 'node:zlib'

/** @param {Buffer} png */
function decode(png) {
  let at = 8
  let head = Buffer.alloc(0)
  const parts = []
  while (at < png.length) {
    const size = png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    const data = png.subarray(at + 8, at + 8 + size)
    if (type === 'IHDR') head = data
    if (type === 'IDAT') parts.push(data)
    at += 12 + size
  }
  const width = head.readUInt32BE(0)
  const height = head.readUInt32BE(4)
  const n = head[9] === 6 ? 4 : 3
  if (head[8] !== 8 || (head[9] !== 2 && head[9] !== 6) || head[12] !== 0) throw new Error('not a picture of Chromium')
  const raw = inflateSync(Buffer.concat(parts))
  const row = width * n
  const out = Buffer.alloc(height * row)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (row + 1)]
    for (let x = 0; x < row; x++) {
      const left = x >= n ? out[y * row + x - n] : 0
      const up = y > 0 ? out[(y - 1) * row + x] : 0
      const corner = x >= n && y > 0 ? out[(y - 1) * row + x - n] : 0
      const p = left + up - corner
      const [a, b, c] = [Math.abs(p - left), Math.abs(p - up), Math.abs(p - corner)]
      const guess = [0, left, up, (left + up) >> 1, a <= b && a <= c ? left : b <= c ? up : corner][filter]
      out[y * row + x] = raw[y * (row + 1) + 1 + x] + guess
    }
  }
  return { width, height, n, pixels: out }
}

/** @typedef {{ r: number, g: number, b: number, count: number, key: number }} Colour */

/** @param {Colour[]} colours @param {number} most @returns {Colour[][]} */
function medianCut(colours, most) {
  const boxes = [colours]
  const spread = box =>
    ['r', 'g', 'b'].map(k => [k, Math.max(...box.map(c => c[k])) - Math.min(...box.map(c => c[k]))]).sort((a, b) => b[1] - a[1])[0]
  while (boxes.length < most) {
    let best = -1
    let worth = 0
    boxes.forEach((box, i) => {
      if (box.length < 2) return
      const w = spread(box)[1] * Math.sqrt(box.reduce((s, c) => s + c.count, 0))
      if (w > worth) [best, worth] = [i, w]
    })
    if (best < 0) break
    const box = boxes[best]
    const [channel] = spread(box)
    box.sort((a, b) => a[channel] - b[channel])
    const half = box.reduce((s, c) => s + c.count, 0) / 2
    let cut = 0
    for (let sum = 0; cut < box.length - 1 && sum < half; cut++) sum += box[cut].count
    boxes.splice(best, 1, box.slice(0, Math.max(1, cut)), box.slice(Math.max(1, cut)))
  }
  return boxes
}

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c
})

/** @param {Buffer} data */
function crc32(data) {
  let c = 0xffffffff
  for (const x of data) c = table[(c ^ x) & 255] ^ (c >>> 8)
  return ~c >>> 0
}

/** @param {string} type @param {Buffer} data */
function chunk(type, data) {
  const out = Buffer.alloc(12 + data.length)
  out.writeUInt32BE(data.length, 0)
  out.write(type, 4, 'latin1')
  data.copy(out, 8)
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length)
  return out
}

/** @param {Buffer} png @returns {Buffer} */
export function toPalette(png) {
  const { width, height, n, pixels } = decode(png)
  /** @type {Map<number, Colour>} */
  const seen = new Map()
  const keyAt = i => ((pixels[i] >> 2) << 12) | ((pixels[i + 1] >> 2) << 6) | (pixels[i + 2] >> 2)
  for (let i = 0; i < pixels.length; i += n) {
    const key = keyAt(i)
    const c = seen.get(key)
    if (c) c.count++
    else seen.set(key, { r: pixels[i], g: pixels[i + 1], b: pixels[i + 2], count: 1, key })
  }
  const boxes = medianCut([...seen.values()], 256)
  const palette = Buffer.alloc(boxes.length * 3)
  const index = new Map()
  boxes.forEach((box, i) => {
    const main = box.reduce((a, b) => (b.count > a.count ? b : a)) // flat areas keep their exact colour
    palette.set([main.r, main.g, main.b], i * 3)
    for (const c of box) index.set(c.key, i)
  })
  const raw = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) raw[y * (width + 1) + 1 + x] = index.get(keyAt((y * width + x) * n))
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 3, 0, 0, 0], 8)
  return Buffer.concat([
    png.subarray(0, 8),
    chunk('IHDR', head),
    chunk('PLTE', palette),
    chunk('IDAT', deflateSync(raw, { level: 9 })),
    chunk('IEND', Buffer.alloc(0))
  ])
}
