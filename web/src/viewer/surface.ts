// What the viewer draws on. A scene says what is to be seen; a surface knows
// how. Today there is the Canvas 2-D surface, which needs no graphics card;
// others can stand behind the same interface.
import type { Frame, Size, View } from './geometry'
import type { Plane, Rgb, Window } from './overlay'
import { visible } from './geometry'
import { applyWindow, fillForeground, isFull, outlineRuns } from './overlay'

export type OverlayStyle = 'fill' | 'outline' | 'off'

export interface Overlay {
  plane: Plane
  qmin: number
  colour: Rgb
  opacity: number // 0..1
  style: OverlayStyle
}

export interface Scene {
  view: View
  frame: Frame
  image: ImageData | null
  window: Window
  overlay: Overlay | null
}

export interface Surface {
  resize(size: Size, ratio: number): void
  draw(scene: Scene): void
}

/** A canvas off the page, with its own pixels. */
class Layer {
  readonly canvas = document.createElement('canvas')
  readonly ctx: CanvasRenderingContext2D
  readonly pixels: ImageData

  constructor(width: number, height: number) {
    this.canvas.width = width
    this.canvas.height = height
    const ctx = this.canvas.getContext('2d')
    if (ctx === null) throw new Error('this browser has no Canvas 2-D')
    this.ctx = ctx
    this.pixels = ctx.createImageData(width, height)
  }

  flush(): void {
    this.ctx.putImageData(this.pixels, 0, 0)
  }
}

export class CanvasSurface implements Surface {
  private readonly ctx: CanvasRenderingContext2D
  private size: Size = { width: 1, height: 1 }
  private ratio = 1
  private image: { of: ImageData; window: Window; layer: Layer } | null = null
  private fill: { of: Plane; qmin: number; colour: Rgb; layer: Layer; words: Uint32Array } | null = null

  constructor(private readonly canvas: HTMLCanvasElement) {
    const ctx = canvas.getContext('2d', { alpha: false })
    if (ctx === null) throw new Error('this browser has no Canvas 2-D')
    this.ctx = ctx
  }

  resize(size: Size, ratio: number): void {
    this.size = size
    this.ratio = ratio
    this.canvas.width = Math.max(1, Math.round(size.width * ratio))
    this.canvas.height = Math.max(1, Math.round(size.height * ratio))
  }

  private imageLayer(of: ImageData, window: Window): HTMLCanvasElement {
    let have = this.image
    if (have === null || have.of !== of) {
      have = { of, window: { low: -1, high: -1, invert: false }, layer: new Layer(of.width, of.height) }
      this.image = have
    }
    const w = have.window
    if (w.low !== window.low || w.high !== window.high || w.invert !== window.invert) {
      if (isFull(window)) have.layer.pixels.data.set(of.data)
      else applyWindow(of.data, have.layer.pixels.data, window)
      have.layer.flush()
      have.window = { ...window }
    }
    return have.layer.canvas
  }

  private fillLayer(o: Overlay): HTMLCanvasElement {
    let have = this.fill
    if (have === null || have.of !== o.plane) {
      const layer = new Layer(o.plane.width, o.plane.height)
      const words = new Uint32Array(layer.pixels.data.buffer)
      have = { of: o.plane, qmin: -1, colour: o.colour, layer, words }
      this.fill = have
    }
    if (have.qmin !== o.qmin || have.colour !== o.colour) {
      fillForeground(have.words, o.plane, o.qmin, o.colour)
      have.layer.flush()
      have.qmin = o.qmin
      have.colour = o.colour
    }
    return have.layer.canvas
  }

  private outline(scene: Scene, o: Overlay): void {
    const ctx = this.ctx
    const { view, frame } = scene
    const v = visible(view, frame, this.size)
    const runs = outlineRuns(o.plane, o.qmin, v.x0, v.y0, v.x1, v.y1)
    const sx = view.scale
    const sy = view.scale * frame.aspect
    ctx.beginPath()
    for (let i = 0; i + 3 < runs.length; i += 4) {
      ctx.moveTo(view.x + (runs[i] ?? 0) * sx, view.y + (runs[i + 1] ?? 0) * sy)
      ctx.lineTo(view.x + (runs[i + 2] ?? 0) * sx, view.y + (runs[i + 3] ?? 0) * sy)
    }
    ctx.lineCap = 'square'
    const alpha = Math.sqrt(o.opacity) // a thin line needs more than a surface
    ctx.globalAlpha = alpha * 0.6
    ctx.strokeStyle = '#000'
    ctx.lineWidth = 3
    ctx.stroke() // a dark rim keeps the line readable on bright tissue
    ctx.globalAlpha = alpha
    ctx.strokeStyle = `rgb(${o.colour.join(' ')})`
    ctx.lineWidth = 1.5
    ctx.stroke()
  }

  draw(scene: Scene): void {
    const ctx = this.ctx
    const { view, frame } = scene
    ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0)
    ctx.globalAlpha = 1
    ctx.fillStyle = '#05080a'
    ctx.fillRect(0, 0, this.size.width, this.size.height)
    const w = frame.width * view.scale
    const h = frame.height * frame.aspect * view.scale
    if (scene.image !== null) {
      ctx.imageSmoothingEnabled = view.scale < 4 // close up, a pixel is a pixel
      ctx.imageSmoothingQuality = 'high'
      ctx.drawImage(this.imageLayer(scene.image, scene.window), view.x, view.y, w, h)
    }
    const o = scene.overlay
    if (o === null || o.style === 'off' || o.opacity <= 0) return
    if (o.style === 'fill') {
      ctx.imageSmoothingEnabled = view.scale < 1 // the mask is never blurred when magnified
      ctx.globalAlpha = o.opacity
      ctx.drawImage(this.fillLayer(o), view.x, view.y, w, h)
    } else {
      this.outline(scene, o)
    }
    ctx.globalAlpha = 1
  }
}
