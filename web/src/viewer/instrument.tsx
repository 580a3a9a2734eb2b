// The threshold as an instrument: the curve of area over threshold, and under
// it, exactly aligned, the slider. What lies under the line is what the mask
// would measure.
import { useRef } from 'preact/hooks'
import * as fmt from '../i18n/format'
import { t } from '../i18n/i18n'
import { Button } from '../ui/parts'
import { HIGH, LOW, STEP, areaCurve } from './threshold'

interface Props {
  cumulated: Float64Array
  milli: number
  defaultMilli: number
  savedMilli: number
  wide: boolean
  colour: string
  onChange: (milli: number) => void
  onWide: (wide: boolean) => void
}

const W = 400 // drawing units; stretched to the width there is
const H = 96

export function Instrument(p: Props) {
  const low = p.wide ? 0 : LOW
  const high = p.wide ? 1000 : HIGH
  const svg = useRef<SVGSVGElement>(null)
  // q = 0 is everything: at threshold 0 the curve would only show the image's size
  const curve = areaCurve(p.cumulated, Math.max(low, 4), high, 121)
  const most = Math.max(1, ...curve.map((c) => c.voxels))
  const x = (milli: number) => ((milli - low) / (high - low)) * W
  const y = (voxels: number) => H - 4 - (voxels / most) * (H - 12)
  const line = curve.map((c) => `${x(c.milli).toFixed(1)} ${y(c.voxels).toFixed(1)}`)
  const kept = curve.filter((c) => c.milli >= p.milli).map((c) => `${x(c.milli).toFixed(1)} ${y(c.voxels).toFixed(1)}`)
  const hereX = x(p.milli)
  const inside = (milli: number) => milli >= low && milli <= high

  const at = (e: PointerEvent) => {
    const box = svg.current?.getBoundingClientRect()
    if (box === undefined || box.width === 0) return
    const raw = low + ((e.clientX - box.left) / box.width) * (high - low)
    p.onChange(Math.min(high, Math.max(low, Math.round(raw / STEP) * STEP)))
  }

  return (
    <div class="instrument">
      <svg
        ref={svg}
        class="instrument-plot"
        viewBox={`0 0 ${W} ${H}`}
        preserveAspectRatio="none"
        aria-hidden="true"
        onPointerDown={(e) => {
          e.currentTarget.setPointerCapture(e.pointerId)
          at(e)
        }}
        onPointerMove={(e) => {
          if (e.currentTarget.hasPointerCapture(e.pointerId)) at(e)
        }}
      >
        {kept.length > 1 && (
          <path class="plot-kept" fill={p.colour} d={`M${hereX.toFixed(1)} ${H} L${kept.join(' L')} L${W} ${H} Z`} />
        )}
        <path class="plot-line" d={`M${line.join(' L')}`} />
        {inside(p.defaultMilli) && (
          <line class="plot-default" x1={x(p.defaultMilli)} x2={x(p.defaultMilli)} y1="0" y2={H} />
        )}
        {inside(p.savedMilli) && p.savedMilli !== p.milli && (
          <line class="plot-saved" x1={x(p.savedMilli)} x2={x(p.savedMilli)} y1="0" y2={H} />
        )}
        <line class="plot-now" x1={hereX} x2={hereX} y1="0" y2={H} />
      </svg>
      <input
        class="slider"
        type="range"
        min={low}
        max={high}
        step={STEP}
        value={p.milli}
        aria-label={t('result.threshold')}
        aria-valuetext={fmt.threshold(p.milli)}
        onInput={(e) => p.onChange(Number(e.currentTarget.value))}
      />
      <div class="instrument-scale" aria-hidden="true">
        <span>{fmt.threshold(low)}</span>
        <span>{fmt.threshold((low + high) / 2)}</span>
        <span>{fmt.threshold(high)}</span>
      </div>
      <div class="instrument-tools">
        <Button
          small
          kind="quiet"
          disabled={p.milli === p.defaultMilli}
          onClick={() => p.onChange(p.defaultMilli)}
        >
          {t('result.toDefault', { v: fmt.threshold(p.defaultMilli) })}
        </Button>
        <Button small kind="quiet" pressed={p.wide} onClick={() => p.onWide(!p.wide)}>
          {t('result.wide')}
        </Button>
      </div>
    </div>
  )
}
