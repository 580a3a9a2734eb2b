// Where an image lies on the canvas. Image space: pixels, x right, y down,
// (0,0) the outer corner of the first pixel. Canvas space: CSS pixels.
// Pixels need not be square: `aspect` is height over width of one.

export interface View {
  scale: number // CSS pixels per image column
  x: number // canvas position of image (0,0)
  y: number
}

export interface Size {
  width: number
  height: number
}

export interface Frame extends Size {
  aspect: number
}

export const MAX_SCALE = 64

export function fitView(image: Frame, canvas: Size, margin = 0): View {
  const w = Math.max(1, canvas.width - 2 * margin)
  const h = Math.max(1, canvas.height - 2 * margin)
  const scale = Math.min(w / image.width, h / (image.height * image.aspect))
  return {
    scale,
    x: (canvas.width - image.width * scale) / 2,
    y: (canvas.height - image.height * image.aspect * scale) / 2,
  }
}

/** Zoom by a factor so that the image point under (cx, cy) stays there. */
export function zoomAt(v: View, factor: number, cx: number, cy: number, minScale: number): View {
  const scale = Math.min(MAX_SCALE, Math.max(minScale, v.scale * factor))
  const f = scale / v.scale
  return { scale, x: cx - (cx - v.x) * f, y: cy - (cy - v.y) * f }
}

/** At least a quarter of the canvas (or of the image, if smaller) stays covered: nobody loses the picture. */
export function keepInSight(v: View, image: Frame, canvas: Size): View {
  const clamp = (at: number, length: number, room: number) => {
    const keep = Math.min(length, room) / 4
    return Math.min(room - keep, Math.max(keep - length, at))
  }
  return {
    scale: v.scale,
    x: clamp(v.x, image.width * v.scale, canvas.width),
    y: clamp(v.y, image.height * image.aspect * v.scale, canvas.height),
  }
}

export function toImage(v: View, aspect: number, cx: number, cy: number): { x: number; y: number } {
  return { x: (cx - v.x) / v.scale, y: (cy - v.y) / (v.scale * aspect) }
}

/** Image pixels that can be seen: [x0, x1) x [y0, y1), clipped to the image. */
export function visible(v: View, image: Frame, canvas: Size): { x0: number; y0: number; x1: number; y1: number } {
  const a = toImage(v, image.aspect, 0, 0)
  const b = toImage(v, image.aspect, canvas.width, canvas.height)
  return {
    x0: Math.max(0, Math.floor(a.x)),
    y0: Math.max(0, Math.floor(a.y)),
    x1: Math.min(image.width, Math.ceil(b.x)),
    y1: Math.min(image.height, Math.ceil(b.y)),
  }
}
