// The result of a segmentation: the picture, the threshold, the figures, and
// where they come from.
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Scan, Segmentation, StudyDetail } from '../api/types'
import type { Viewer } from '../viewer/viewer'
import type { OverlayStyle } from '../viewer/surface'
import * as api from '../api/calls'
import * as fmt from '../i18n/format'
import { t, tMaybe } from '../i18n/i18n'
import { activeJobs, isActive, jobs, noteJob } from '../store/jobs'
import { notify } from '../store/notice'
import { useAction, useLoad } from '../ui/hooks'
import { Banner, Button, ButtonLink, Failure, PageFailure, PageHead, Spinner } from '../ui/parts'
import { decodeImage } from '../viewer/image'
import { Instrument } from '../viewer/instrument'
import { KeySheet, commandOf, keysApply, keysEnabled, takesKey } from '../viewer/keys'
import { parseColour } from '../viewer/overlay'
import { Pane } from '../viewer/pane'
import { HIGH, LOW, STEP, countAt, cumulate, pixelArea, qMin, toMilli } from '../viewer/threshold'

interface Pictures {
  image: ImageData
  q: Uint8Array
}

export default function ResultPage({ id }: { id: string }) {
  const maskJobs = jobs.value
    .filter((j) => j.segmentation === id && j.kind === 'export')
    .map((j) => j.id + j.state)
    .join(' ')
  const seg = useLoad(id, (signal) => api.segmentation(id, signal), maskJobs)
  const scanId = seg.data?.scan ?? ''
  const scan = useLoad(scanId, async (signal) => (scanId === '' ? null : api.scan(scanId, signal)))
  const studyId = scan.data?.study ?? ''
  const study = useLoad(studyId, async (signal) => (studyId === '' ? null : api.study(studyId, signal)))
  const pictures = useLoad<Pictures | null>(`pictures ${id} ${scanId}`, async (signal) => {
    if (scanId === '') return null
    const [picture, q] = await Promise.all([api.scanImage(scanId, signal), api.probability(id, signal)])
    return { image: await decodeImage(picture), q }
  })
  if (seg.data === null) return seg.error === null ? <Spinner /> : <PageFailure error={seg.error} retry={seg.reload} />
  return (
    <Result
      key={id}
      seg={seg.data}
      scan={scan.data}
      study={study.data}
      pictures={pictures.data}
      error={pictures.error ?? scan.error ?? study.error}
      retry={() => {
        for (const part of [scan, study, pictures]) if (part.error !== null) part.reload()
      }}
      reload={seg.reload}
      onSaved={seg.set}
    />
  )
}

interface ResultProps {
  seg: Segmentation
  scan: Scan | null
  study: StudyDetail | null // whose it is: nobody may read a result without that
  pictures: Pictures | null
  error: unknown
  retry: () => void
  reload: () => void
  onSaved: (seg: Segmentation) => void
}

function Result({ seg, scan, study, pictures, error, retry, reload, onSaved }: ResultProps) {
  const saved = toMilli(seg.threshold)
  const preset = toMilli(seg.default_threshold)
  const [milli, setMilli] = useState(saved)
  const [wide, setWide] = useState(saved < LOW || saved > HIGH)
  const [opacity, setOpacity] = useState(0.45)
  const [style, setStyle] = useState<OverlayStyle>('fill')
  const [help, setHelp] = useState(false)
  const [keys, setKeys] = useState(keysEnabled)
  const viewer = useRef<Viewer | null>(null)

  const label = seg.labels.find((l) => l.name !== 'background') ?? seg.labels[0]
  const colourText = label?.colour ?? ''
  const colour = useMemo(() => parseColour(colourText), [colourText])
  const cumulated = useMemo(() => cumulate(seg.histogram), [seg.histogram])
  const plane = useMemo(
    () => (pictures === null ? null : { width: seg.width, height: seg.height, q: pictures.q }),
    [pictures, seg.width, seg.height],
  )
  const each = pixelArea(seg.spacing_mm)
  const voxels = countAt(cumulated, milli)
  const atDefault = countAt(cumulated, preset)
  const total = cumulated[0] ?? 0
  const pending = toMilli(seg.mask_threshold) !== saved
  const unsaved = milli !== saved

  const save = useAction(async (signal) => {
    const made = await api.saveThreshold(seg.id, milli / 1000, signal)
    onSaved(made.segmentation)
    noteJob(made.job)
    notify(t('result.saved'))
  })

  // the mask is made by a worker: look again when no job of it runs any more
  const making = activeJobs.value.some((j) => j.segmentation === seg.id && j.kind === 'export')
  const last = jobs.value.find((j) => j.segmentation === seg.id && j.kind === 'export')
  const lost = pending && last !== undefined && !isActive(last) && last.state !== 'succeeded'
  useEffect(() => {
    if (!pending || making || lost) return undefined
    const timer = setTimeout(reload, 1500)
    return () => clearTimeout(timer)
  }, [pending, making, lost, seg])

  const change = useCallback((m: number) => {
    setMilli(Math.min(1000, Math.max(0, m)))
    setWide((w) => w || m < LOW || m > HIGH)
  }, [])

  const now = useRef({ milli, opacity, style, unsaved })
  now.current = { milli, opacity, style, unsaved }
  useEffect(() => {
    const down = (e: KeyboardEvent) => {
      if (e.ctrlKey || e.metaKey || e.altKey || !keysApply(e.target) || takesKey(e.target, e.key)) return
      const command = commandOf(e.key)
      if (command === null || (!keys && command !== 'help')) return
      const v = viewer.current
      const { milli: m, opacity: o, style: s } = now.current
      const todo: Readonly<Record<typeof command, () => void>> = {
        finerDown: () => change(m - STEP),
        finerUp: () => change(m + STEP),
        coarserDown: () => change(m - 50),
        coarserUp: () => change(m + 50),
        default: () => change(preset),
        style: () => setStyle(s === 'fill' ? 'outline' : 'fill'),
        peek: () => v?.setPeek(true),
        opacityDown: () => setOpacity(Math.max(0, Math.round(o * 20 - 1) / 20)),
        opacityUp: () => setOpacity(Math.min(1, Math.round(o * 20 + 1) / 20)),
        zoomIn: () => v?.zoom(1.4),
        zoomOut: () => v?.zoom(1 / 1.4),
        fit: () => v?.fit(),
        actual: () => v?.actualSize(),
        invert: () => v?.setWindow({ ...v.getWindow(), invert: !v.getWindow().invert }),
        left: () => v?.pan(40, 0),
        right: () => v?.pan(-40, 0),
        up: () => v?.pan(0, 40),
        down: () => v?.pan(0, -40),
        save: () => {
          if (now.current.unsaved) save.run()
        },
        help: () => setHelp(true),
      }
      e.preventDefault()
      todo[command]()
    }
    const up = (e: KeyboardEvent) => {
      if (e.key === ' ') viewer.current?.setPeek(false)
    }
    document.addEventListener('keydown', down)
    document.addEventListener('keyup', up)
    return () => {
      document.removeEventListener('keydown', down)
      document.removeEventListener('keyup', up)
    }
  })

  const aspect = seg.spacing_mm === null ? 1 : seg.spacing_mm[1] / seg.spacing_mm[0]
  return (
    <div class="result">
      <PageHead
        title={t('result.title', { model: seg.model.name })}
        tab={t('result.tab')}
        crumbs={
          study === null
            ? [{ href: '/patients', text: t('nav.patients') }]
            : [
                { href: '/patients', text: t('nav.patients') },
                { href: `/patients/${study.patient.id}`, text: study.patient.name },
                {
                  href: `/studies/${study.id}`,
                  text: study.description === '' ? t('study.untitled') : study.description,
                },
              ]
        }
        sub={
          study === null || scan === null
            ? '…'
            : `${study.patient.name} · ${study.patient.code} · ${fmt.day(study.study_date)} · ${scan.file_name}`
        }
      />
      <Warnings seg={seg} />
      <div class="result-split">
        <div class="result-view">
          {pictures !== null && study !== null ? (
            <Pane
              image={pictures.image}
              aspect={aspect}
              plane={plane}
              colour={colour}
              qmin={qMin(milli)}
              opacity={opacity}
              style={style}
              onStyle={setStyle}
              onOpacity={setOpacity}
              onHelp={() => setHelp(true)}
              viewer={(v) => {
                viewer.current = v
              }}
            />
          ) : (
            <div class="viewer viewer-empty">{error === null ? <Spinner /> : <Failure error={error} retry={retry} />}</div>
          )}
        </div>
        <div class="result-side">
          <section class="panel tune" aria-labelledby="tune">
            <h2 id="tune">{t('result.threshold')}</h2>
            <div class="readout">
              <p class="readout-main" data-testid="threshold">
                {fmt.threshold(milli)}
              </p>
              <dl class="readout-figures">
                <div>
                  <dt>{label?.name ?? t('result.area')}</dt>
                  <dd class="readout-area" data-testid="area">
                    {each === null ? t('unit.px', { v: fmt.num(voxels, 0) }) : fmt.area(voxels * each)}
                  </dd>
                </div>
                <div>
                  <dt>{each === null ? t('result.share') : t('result.pixels')}</dt>
                  <dd data-testid="pixels">
                    {each === null
                      ? fmt.percent(total === 0 ? 0 : voxels / total, 1)
                      : t('unit.px', { v: fmt.num(voxels, 0) })}
                  </dd>
                </div>
                <div>
                  <dt>{t('result.change')}</dt>
                  <dd>{atDefault === 0 ? '–' : fmt.change(voxels / atDefault - 1)}</dd>
                </div>
              </dl>
            </div>
            <p class="sr" role="status">
              {t('result.spoken', {
                v: fmt.threshold(milli),
                area: each === null ? t('unit.px', { v: fmt.num(voxels, 0) }) : fmt.area(voxels * each),
              })}
            </p>
            <Instrument
              cumulated={cumulated}
              milli={milli}
              defaultMilli={preset}
              savedMilli={saved}
              wide={wide}
              colour={`rgb(${colour.join(' ')})`}
              onChange={change}
              onWide={(on) => {
                setWide(on)
                if (!on) setMilli(Math.min(HIGH, Math.max(LOW, milli)))
              }}
            />
            <div class="tune-save">
              <p class="tune-state" role="status" data-testid="save-state">
                {unsaved
                  ? t('result.unsaved', { v: fmt.threshold(saved) })
                  : lost
                    ? t('result.maskLost')
                    : pending
                      ? t('result.making')
                      : t('result.isSaved')}
              </p>
              <Button kind="primary" icon="check" busy={save.busy} disabled={(!unsaved && !lost) || study === null} onClick={() => save.run()}>
                {t('result.save')}
              </Button>
              {pending || unsaved ? (
                <Button icon="download" busy={pending && !unsaved && !lost} disabled>
                  {t('result.mask')}
                </Button>
              ) : (
                <ButtonLink icon="download" href={api.maskUrl(seg.id)} download>
                  {t('result.mask')}
                </ButtonLink>
              )}
            </div>
            {save.error !== null && <Failure error={save.error} />}
          </section>
          <Measurements seg={seg} each={each} pending={pending} />
          <Facts seg={seg} scan={scan} />
        </div>
      </div>
      {help && <KeySheet enabled={keys} onEnabled={setKeys} onClose={() => setHelp(false)} />}
    </div>
  )
}

/** A flag is a word, or a word with a list of what it is about (worker/job/infer.h). */
function flagText(code: string, value: unknown): string {
  if (code === 'guess') {
    const what = Array.isArray(value) ? value.map(String) : [String(value)]
    return t('flag.guess', { what: fmt.list(what.map((w) => tMaybe(`flag.${w}`) ?? w)) })
  }
  return tMaybe(`flag.${code}`) ?? (typeof value === 'string' ? value : code)
}

/** The flags a doctor must know of; the others say how the picture was led through the network. */
const WARNING_FLAGS = new Set(['guess', 'unlike', 'spacing', 'enlarged'])

function Warnings({ seg }: { seg: Segmentation }) {
  const raised = Object.entries(seg.flags).filter(([code]) => WARNING_FLAGS.has(code))
  return (
    <>
      {seg.version.state === 'withdrawn' && (
        <Banner kind="danger">
          <strong>{t('result.withdrawn')}</strong> {t('result.withdrawnText')}
        </Banner>
      )}
      {raised.map(([code, v]) => (
        <Banner key={code} kind="warn">
          {flagText(code, v)}
        </Banner>
      ))}
    </>
  )
}

/** The stored figures: of the mask that can be downloaded, not of the slider. */
function Measurements(p: { seg: Segmentation; each: number | null; pending: boolean }) {
  const { seg } = p
  return (
    <section class="panel" aria-labelledby="measures">
      <h2 id="measures">{t('result.measures')}</h2>
      <p class="panel-text">
        {p.pending ? t('result.measuresOld', { v: fmt.threshold(toMilli(seg.mask_threshold)) }) : t('result.measuresText', { v: fmt.threshold(toMilli(seg.mask_threshold)) })}
      </p>
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">{t('result.structure')}</th>
            <th scope="col" class="numeric">
              {t('result.pixels')}
            </th>
            <th scope="col" class="numeric">
              {t('result.area')}
            </th>
          </tr>
        </thead>
        <tbody>
          {seg.labels.map((l) => (
            <tr key={l.name}>
              <th scope="row">
                <svg class="swatch" width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
                  <rect width="12" height="12" rx="3" fill={`rgb(${parseColour(l.colour).join(' ')})`} />
                </svg>
                {l.name}
              </th>
              <td class="numeric">{fmt.num(l.voxels, 0)}</td>
              <td class="numeric">{l.area_mm2 === null ? '–' : fmt.area(l.area_mm2)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {p.each === null && <p class="hint">{t('result.noSpacing')}</p>}
    </section>
  )
}

function Facts({ seg, scan }: { seg: Segmentation; scan: Scan | null }) {
  const rows: [string, string][] = [
    [t('fact.model'), `${seg.model.name} v${seg.version.number}`],
    [t('fact.state'), t(`version.state.${seg.version.state}`)],
    [t('fact.device'), seg.device],
    [t('fact.precision'), tMaybe(`precision.${seg.precision}`) ?? seg.precision],
    [t('fact.time'), fmt.milliseconds(seg.time_ms)],
    [t('fact.queue'), fmt.milliseconds(seg.queue_ms)],
    [t('fact.size'), t('scan.size', { w: seg.width, h: seg.height })],
    [
      t('fact.spacing'),
      seg.spacing_mm === null
        ? t('scan.noSpacing')
        : t('scan.spacing', { x: fmt.num(seg.spacing_mm[0]), y: fmt.num(seg.spacing_mm[1]) }),
    ],
    [t('fact.made'), fmt.moment(seg.created_at)],
    [t('fact.software'), seg.software],
  ]
  return (
    <details class="panel facts">
      <summary>
        <h2>{t('result.facts')}</h2>
      </summary>
      <dl class="fact-list">
        {rows.map(([k, v]) => (
          <div key={k}>
            <dt>{k}</dt>
            <dd>{v}</dd>
          </div>
        ))}
        <div class="fact-wide">
          <dt>{t('fact.hash')}</dt>
          <dd class="hash">{seg.model_sha256}</dd>
        </div>
      </dl>
      {scan !== null && (
        <p class="fact-links">
          <a href={api.originalUrl(scan.id)} download>
            {t('fact.original')}
          </a>
        </p>
      )}
    </details>
  )
}
