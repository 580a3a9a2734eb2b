// The viewer: holds the scene, turns pointers and wheel into views, and asks
// the surface for one drawing per screen frame. Knows nothing of pages, jobs
// or languages; the page listens through `onView` and `onCursor`.
import type { Frame, Size, View } from './geometry'
import type { Plane, Rgb, Window } from './overlay'
import type { OverlayStyle, Surface } from './surface'
import { fitView, keepInSight, toImage, zoomAt } from './geometry'
import { FULL_WINDOW } from './overlay'

export interface Cursor {
  x: number // image column, from 0
  y: number
  value: readonly number[] // grey, or red green blue
  q: number | null
}

interface Touch {
  x: number
  y: number
}

const EDGE = 8 // free pixels around a fitted image

export class Viewer {
  onView: (zoom: number) => void = () => undefined
  onCursor: (c: Cursor | null) => void = () => undefined
  onWindow: (w: Window) => void = () => undefined

  private size: Size = { width: 1, height: 1 }
  private frame: Frame = { width: 1, height: 1, aspect: 1 }
  private view: View = { scale: 1, x: 0, y: 0 }
  private fitted = true // follow the canvas size until the person zooms
  private image: ImageData | null = null
  private grey = true
  private window: Window = FULL_WINDOW
  private plane: Plane | null = null
  private qmin = 128
  private colour: Rgb = [255, 159, 67]
  private opacity = 0.45
  private style: OverlayStyle = 'fill'
  private peek = false // overlay held away for a moment
  private frameAsked = 0
  private readonly touches = new Map<number, Touch>()
  private windowing = false
  private readonly listeners = new AbortController()
  private readonly observer: ResizeObserver

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly surface: Surface,
  ) {
    const signal = this.listeners.signal
    canvas.addEventListener('pointerdown', (e) => this.down(e), { signal })
    canvas.addEventListener('pointermove', (e) => this.move(e), { signal })
    canvas.addEventListener('pointerup', (e) => this.up(e), { signal })
    canvas.addEventListener('pointercancel', (e) => this.up(e), { signal })
    canvas.addEventListener('pointerleave', () => this.onCursor(null), { signal })
    canvas.addEventListener('contextmenu', (e) => e.preventDefault(), { signal })
    canvas.addEventListener('dblclick', () => this.fit(), { signal })
    canvas.addEventListener('wheel', (e) => this.wheel(e), { signal, passive: false })
    this.observer = new ResizeObserver(() => this.measure())
    this.observer.observe(canvas)
  }

  destroy(): void {
    this.listeners.abort()
    this.observer.disconnect()
    cancelAnimationFrame(this.frameAsked)
  }

  setImage(image: ImageData, aspect: number): void {
    this.image = image
    this.grey = isGrey(image)
    this.frame = { width: image.width, height: image.height, aspect }
    this.measure()
    this.fit()
  }

  setPlane(plane: Plane, colour: Rgb): void {
    this.plane = plane
    this.colour = colour
    this.draw()
  }

  setQMin(qmin: number): void {
    this.qmin = qmin
    this.draw()
  }

  setOpacity(opacity: number): void {
    this.opacity = opacity
    this.draw()
  }

  setStyle(style: OverlayStyle): void {
    this.style = style
    this.draw()
  }

  setPeek(on: boolean): void {
    this.peek = on
    this.draw()
  }

  setWindow(w: Window): void {
    this.window = w
    this.onWindow(w)
    this.draw()
  }

  getWindow(): Window {
    return this.window
  }

  fit(): void {
    this.fitted = true
    this.setView(fitView(this.frame, this.size, EDGE))
  }

  /** Zoom about the middle of the canvas. */
  zoom(factor: number): void {
    this.zoomAbout(factor, this.size.width / 2, this.size.height / 2)
  }

  /** One image pixel on one screen pixel. */
  actualSize(): void {
    this.zoomAbout(1 / this.view.scale, this.size.width / 2, this.size.height / 2)
  }

  pan(dx: number, dy: number): void {
    this.fitted = false
    this.setView(keepInSight({ ...this.view, x: this.view.x + dx, y: this.view.y + dy }, this.frame, this.size))
  }

  private zoomAbout(factor: number, cx: number, cy: number): void {
    const least = Math.min(1, fitView(this.frame, this.size, EDGE).scale) / 2
    this.fitted = false
    this.setView(keepInSight(zoomAt(this.view, factor, cx, cy, least), this.frame, this.size))
  }

  private setView(v: View): void {
    this.view = v
    this.onView(v.scale)
    this.draw()
  }

  private measure(): void {
    const box = this.canvas.getBoundingClientRect()
    this.size = { width: Math.max(1, box.width), height: Math.max(1, box.height) }
    this.surface.resize(this.size, window.devicePixelRatio || 1)
    if (this.fitted) this.fit()
    else this.setView(keepInSight(this.view, this.frame, this.size))
  }

  private draw(): void {
    if (this.frameAsked !== 0) return
    this.frameAsked = requestAnimationFrame(() => {
      this.frameAsked = 0
      this.surface.draw({
        view: this.view,
        frame: this.frame,
        image: this.image,
        window: this.window,
        overlay:
          this.plane === null || this.peek
            ? null
            : {
                plane: this.plane,
                qmin: this.qmin,
                colour: this.colour,
                opacity: this.opacity,
                style: this.style,
              },
      })
    })
  }

  private at(e: PointerEvent | WheelEvent): Touch {
    const box = this.canvas.getBoundingClientRect()
    return { x: e.clientX - box.left, y: e.clientY - box.top }
  }

  private down(e: PointerEvent): void {
    this.canvas.focus({ preventScroll: true })
    if (e.button === 1) return
    this.windowing = e.pointerType === 'mouse' && (e.button === 2 || e.shiftKey)
    this.touches.set(e.pointerId, this.at(e))
    this.canvas.setPointerCapture(e.pointerId)
  }

  private up(e: PointerEvent): void {
    this.touches.delete(e.pointerId)
    this.windowing = false
  }

  private move(e: PointerEvent): void {
    const now = this.at(e)
    const before = this.touches.get(e.pointerId)
    if (before === undefined) {
      this.onCursor(this.cursorAt(now))
      return
    }
    const other = [...this.touches].find(([id]) => id !== e.pointerId)?.[1]
    if (other !== undefined) {
      const was = Math.hypot(before.x - other.x, before.y - other.y)
      const is = Math.hypot(now.x - other.x, now.y - other.y)
      if (was > 4 && is > 4) this.zoomAbout(is / was, (now.x + other.x) / 2, (now.y + other.y) / 2)
      this.pan((now.x - before.x) / 2, (now.y - before.y) / 2)
    } else if (this.windowing) {
      this.dragWindow(now.x - before.x, now.y - before.y)
    } else {
      this.pan(now.x - before.x, now.y - before.y)
      this.onCursor(this.cursorAt(now))
    }
    this.touches.set(e.pointerId, now)
  }

  /** As on every reading station: sideways = contrast, up and down = brightness. */
  private dragWindow(dx: number, dy: number): void {
    const w = this.window
    const width = Math.min(510, Math.max(4, w.high - w.low + dx))
    const centre = Math.min(255, Math.max(0, (w.high + w.low) / 2 + dy / 2))
    this.setWindow({ low: centre - width / 2, high: centre + width / 2, invert: w.invert })
  }

  private wheel(e: WheelEvent): void {
    e.preventDefault()
    const lines = e.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1
    const p = this.at(e)
    this.zoomAbout(Math.exp(-Math.max(-240, Math.min(240, e.deltaY * lines)) / 400), p.x, p.y)
  }

  private cursorAt(p: Touch): Cursor | null {
    if (this.image === null) return null
    const at = toImage(this.view, this.frame.aspect, p.x, p.y)
    const x = Math.floor(at.x)
    const y = Math.floor(at.y)
    if (x < 0 || y < 0 || x >= this.frame.width || y >= this.frame.height) return null
    const i = (y * this.frame.width + x) * 4
    const d = this.image.data
    const rgb = [d[i] ?? 0, d[i + 1] ?? 0, d[i + 2] ?? 0]
    return {
      x,
      y,
      value: this.grey ? rgb.slice(0, 1) : rgb,
      q: this.plane === null ? null : (this.plane.q[y * this.frame.width + x] ?? null),
    }
  }
}

function isGrey(image: ImageData): boolean {
  const d = image.data
  for (let i = 0; i + 2 < d.length; i += 4) if (d[i] !== d[i + 1] || d[i] !== d[i + 2]) return false
  return true
}
