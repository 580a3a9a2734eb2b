// The viewer on the page: canvas, its tools, and what is under the cursor.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Cursor } from './viewer'
import type { Rgb } from './overlay'
import type { OverlayStyle } from './surface'
import { num, percent } from '../i18n/format'
import { t } from '../i18n/i18n'
import { Button } from '../ui/parts'
import { isFull } from './overlay'
import { CanvasSurface } from './surface'
import { Viewer } from './viewer'

export interface PaneProps {
  image: ImageData
  aspect: number
  plane: { width: number; height: number; q: Uint8Array } | null
  colour: Rgb
  qmin: number
  opacity: number
  style: OverlayStyle
  onStyle: (s: OverlayStyle) => void
  onOpacity: (o: number) => void
  onHelp: () => void
  viewer: (v: Viewer | null) => void
}

const STYLES: readonly OverlayStyle[] = ['fill', 'outline', 'off']

export function Pane(p: PaneProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const viewer = useRef<Viewer | null>(null)
  const [zoom, setZoom] = useState(1)
  const [cursor, setCursor] = useState<Cursor | null>(null)
  const [windowed, setWindowed] = useState(false)
  const [inverted, setInverted] = useState(false)

  useEffect(() => {
    if (canvas.current === null) return undefined
    const v = new Viewer(canvas.current, new CanvasSurface(canvas.current))
    v.onView = setZoom
    v.onCursor = setCursor
    v.onWindow = (w) => {
      setWindowed(!isFull(w))
      setInverted(w.invert)
    }
    viewer.current = v
    p.viewer(v)
    return () => {
      p.viewer(null)
      v.destroy()
      viewer.current = null
    }
  }, [])
  useEffect(() => viewer.current?.setImage(p.image, p.aspect), [p.image, p.aspect])
  useEffect(() => {
    if (p.plane !== null) viewer.current?.setPlane(p.plane, p.colour)
  }, [p.plane, p.colour])
  useEffect(() => viewer.current?.setQMin(p.qmin), [p.qmin])
  useEffect(() => viewer.current?.setOpacity(p.opacity), [p.opacity])
  useEffect(() => viewer.current?.setStyle(p.style), [p.style])

  const resetWindow = () => viewer.current?.setWindow({ low: 0, high: 255, invert: false })

  return (
    <div class="viewer">
      <div class="viewer-strip">
        <div class="viewer-read" aria-hidden="true">
          {cursor === null ? (
            <span>{percent(zoom)}</span>
          ) : (
            <>
              <span>
                {num(cursor.x)}, {num(cursor.y)}
              </span>
              <span>{cursor.value.map((v) => num(v)).join(' ')}</span>
              {cursor.q !== null && <span class="viewer-p">p {num(cursor.q / 255, 2)}</span>}
            </>
          )}
        </div>
        <div class="viewer-tools">
          <Button kind="quiet" icon="minus" label={t('viewer.zoomOut')} onClick={() => viewer.current?.zoom(1 / 1.4)} />
          <Button kind="quiet" icon="plus" label={t('viewer.zoomIn')} onClick={() => viewer.current?.zoom(1.4)} />
          <Button kind="quiet" icon="fit" label={t('viewer.fit')} onClick={() => viewer.current?.fit()} />
          <Button
            kind="quiet"
            icon="invert"
            label={t('viewer.invert')}
            pressed={inverted}
            onClick={() => {
              const v = viewer.current
              if (v !== null) v.setWindow({ ...v.getWindow(), invert: !v.getWindow().invert })
            }}
          />
          {windowed && (
            <Button kind="quiet" icon="retry" label={t('viewer.resetWindow')} onClick={resetWindow} />
          )}
          <span class="viewer-gap" />
          <Button kind="quiet" icon="keys" label={t('viewer.keys')} onClick={p.onHelp} />
        </div>
      </div>
      <canvas
        ref={canvas}
        class="viewer-canvas"
        tabIndex={0}
        role="img"
        aria-label={t('viewer.label')}
        aria-describedby="viewer-help"
      />
      <p id="viewer-help" class="sr">
        {t('viewer.help')}
      </p>
      {p.plane !== null && (
        <div class="viewer-overlay">
          <div class="segmented" role="radiogroup" aria-label={t('viewer.overlay')}>
            {STYLES.map((s) => (
              <label key={s} class={p.style === s ? 'on' : ''}>
                <input type="radio" name="overlay" checked={p.style === s} onChange={() => p.onStyle(s)} />
                {t(`viewer.style.${s}`)}
              </label>
            ))}
          </div>
          <label class="opacity">
            <span>{t('viewer.opacity')}</span>
            <input
              type="range"
              min={0}
              max={100}
              step={5}
              value={Math.round(p.opacity * 100)}
              disabled={p.style === 'off'}
              onInput={(e) => p.onOpacity(Number(e.currentTarget.value) / 100)}
            />
            <output>{percent(p.opacity)}</output>
          </label>
        </div>
      )}
    </div>
  )
}
