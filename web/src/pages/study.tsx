// One study: its scans, what was found on them, and the start of more.
import { useEffect, useState } from 'preact/hooks'
import type { Scan, SegmentationRow } from '../api/types'
import * as api from '../api/calls'
import { ago, day, num } from '../i18n/format'
import { t } from '../i18n/i18n'
import { navigate } from '../router'
import { isActive, jobs, noteJob, scanPulse } from '../store/jobs'
import { approved, modelList, versionName, wantModels } from '../store/models'
import { notify } from '../store/notice'
import { newBatch } from '../store/uploads'
import { reasonText } from '../ui/errors'
import { useAction, useLoad } from '../ui/hooks'
import { Icon } from '../ui/icons'
import { JobRow, jobLine } from '../ui/jobs'
import { Banner, Button, Confirm, Dialog, Empty, Failure, Field, PageFailure, PageHead, Progress, Spinner, Tag } from '../ui/parts'
import { DropZone, FileList } from '../ui/uploads'

function versionOf(s: SegmentationRow): string {
  return versionName(s.version) ?? s.model_name
}

function Thumbnail({ scan }: { scan: Scan }) {
  const [bad, setBad] = useState(false)
  if (scan.state === 'ready' && !bad)
    return <img class="thumb" src={api.thumbnailUrl(scan.id)} alt="" loading="lazy" onError={() => setBad(true)} />
  return (
    <span class={`thumb thumb-none${scan.state === 'refused' ? ' thumb-bad' : ''}`}>
      <Icon name={scan.state === 'refused' ? 'warn' : 'scan'} size={28} />
    </span>
  )
}

function ScanCard(p: { scan: Scan; chosen: boolean; onChoose: (on: boolean) => void; onDelete: () => void }) {
  const s = p.scan
  const running = jobs.value.filter((j) => j.scan === s.id && isActive(j) && j.kind !== 'export')
  const failed = jobs.value.find((j) => j.scan === s.id && !isActive(j) && j.kind === 'segment')
  const spacing = s.spacing_mm
  return (
    <li class={`scan${p.chosen ? ' scan-chosen' : ''}`}>
      <label class="scan-pick">
        <Thumbnail scan={s} />
        {s.state === 'ready' && (
          <input
            type="checkbox"
            class="scan-check"
            checked={p.chosen}
            onChange={(e) => p.onChoose(e.currentTarget.checked)}
            aria-label={t('study.choose', { name: s.file_name })}
          />
        )}
      </label>
      <div class="scan-body">
        <div class="scan-head">
          <p class="scan-name">{s.file_name}</p>
          {s.state === 'refused' && <Tag kind="danger">{t('scan.state.refused')}</Tag>}
          <Button small kind="quiet" icon="trash" label={t('scan.deleteOf', { name: s.file_name })} onClick={p.onDelete} />
        </div>
        {s.state === 'ready' && (
          <p class="scan-facts">
            {t('scan.size', { w: s.width ?? 0, h: s.height ?? 0 })}
            {' · '}
            {spacing === null ? t('scan.noSpacing') : t('scan.spacing', { x: num(spacing[0]), y: num(spacing[1]) })}
          </p>
        )}
        {s.report
          .filter((r) => r.verdict !== 'ok')
          .map((r, i) => (
            <p key={i} class={r.verdict === 'refused' ? 'file-line file-bad' : 'file-line'}>
              {reasonText(r.code, r.text)}
            </p>
          ))}
        {running.map((j) => (
          <div key={j.id} class="scan-job">
            <Progress value={j.state === 'running' ? j.progress : 0} label={t('study.progressOf', { name: s.file_name })} />
            <p class="job-line">{jobLine(j)}</p>
          </div>
        ))}
        {failed !== undefined && failed.state !== 'succeeded' && (
          <ul class="job-list">
            <JobRow job={failed} />
          </ul>
        )}
        {s.segmentations.length > 0 && (
          <ul class="seg-list">
            {s.segmentations.map((g) => (
              <li key={g.id}>
                <a href={`/segmentations/${g.id}`} class="seg-link">
                  <span class="seg-name">{versionOf(g)}</span>
                  <span class="seg-sub">
                    {t('study.atThreshold', { v: num(g.threshold, 2) })} · {ago(g.created_at)}
                  </span>
                  <Icon name="right" size={16} />
                </a>
              </li>
            ))}
          </ul>
        )}
        {s.state === 'ready' && s.segmentations.length === 0 && running.length === 0 && failed === undefined && (
          <p class="file-line">{t('study.notSegmented')}</p>
        )}
      </div>
    </li>
  )
}

function StartBar(p: { chosen: readonly string[]; ready: number; onAll: () => void; onDone: () => void }) {
  const choices = approved(modelList.value ?? [])
  const [version, setVersion] = useState('')
  const picked = choices.find((c) => c.version.id === version) ?? (choices.length === 1 ? choices[0] : undefined)
  const [keys] = useState(() => new Map<string, string>())
  const go = useAction(async (signal) => {
    if (picked === undefined) return
    for (const scan of p.chosen) {
      // one key per order: pressing again after a lost answer does not start it twice
      const order = `${scan} ${picked.version.id}`
      const key = keys.get(order) ?? crypto.randomUUID()
      keys.set(order, key)
      noteJob(await api.startSegment({ scan, version: picked.version.id }, key, signal))
      keys.delete(order)
    }
    notify(t('study.started', { n: p.chosen.length }))
    p.onDone()
  })
  if (modelList.value !== null && choices.length === 0)
    return <Banner kind="warn">{t('study.noModel')}</Banner>
  return (
    <form
      class="startbar"
      onSubmit={(e) => {
        e.preventDefault()
        go.run()
      }}
    >
      <Field label={t('study.model')}>
        {(a) => (
          <select {...a} required value={picked?.version.id ?? ''} onChange={(e) => setVersion(e.currentTarget.value)}>
            {choices.length !== 1 && <option value="">{t('form.choose')}</option>}
            {choices.map((c) => (
              <option key={c.version.id} value={c.version.id}>
                {c.model.name} v{c.version.number}
                {c.model.organ === '' ? '' : ` · ${c.model.organ}`}
              </option>
            ))}
          </select>
        )}
      </Field>
      <div class="startbar-do">
        {p.chosen.length < p.ready && (
          <Button kind="quiet" onClick={p.onAll}>
            {t('study.all', { n: p.ready })}
          </Button>
        )}
        <Button kind="primary" type="submit" icon="play" busy={go.busy} disabled={p.chosen.length === 0 || picked === undefined}>
          {p.chosen.length === 0 ? t('study.startNone') : t('study.start', { n: p.chosen.length })}
        </Button>
      </div>
      {go.error !== null && <Failure error={go.error} />}
    </form>
  )
}

export default function StudyPage({ id }: { id: string }) {
  const [scans, setScans] = useState<readonly string[]>([])
  const [batch] = useState(newBatch)
  const arrived = batch.items.value.filter((i) => i.scan !== null).length
  const got = useLoad(id, (signal) => api.study(id, signal), `${scanPulse(scans)} ${arrived}`)
  const [chosen, setChosen] = useState<readonly string[] | null>(null)
  const [adding, setAdding] = useState(false)
  const [deleting, setDeleting] = useState<Scan | 'study' | null>(null)
  useEffect(wantModels, [])
  useEffect(() => {
    if (got.data !== null) setScans(got.data.scans.map((s) => s.id))
  }, [got.data])

  const remove = useAction(async (signal) => {
    if (deleting === 'study') {
      await api.deleteStudy(id, signal)
      notify(t('study.deleted'))
      navigate(got.data === null ? '/' : `/patients/${got.data.patient.id}`)
    } else if (deleting !== null) {
      await api.deleteScan(deleting.id, signal)
      notify(t('scan.deleted'))
      setDeleting(null)
      got.reload()
    }
  })

  if (got.data === null) return got.error === null ? <Spinner /> : <PageFailure error={got.error} retry={got.reload} />
  const st = got.data
  const ready = st.scans.filter((s) => s.state === 'ready')
  const busy = new Set(jobs.value.filter((j) => isActive(j) && j.kind === 'segment').map((j) => j.scan))
  const untouched = ready.filter((s) => s.segmentations.length === 0 && !busy.has(s.id)).map((s) => s.id)
  const picked = (chosen ?? untouched).filter((x) => ready.some((s) => s.id === x))

  return (
    <>
      <PageHead
        title={st.description === '' ? t('study.untitled') : st.description}
        tab={t('study.one')}
        crumbs={[
          { href: '/patients', text: t('nav.patients') },
          { href: `/patients/${st.patient.id}`, text: st.patient.name },
        ]}
        sub={`${st.patient.name} · ${st.patient.code} · ${day(st.study_date)}`}
      >
        <Button icon="plus" onClick={() => setAdding(true)}>
          {t('study.addScans')}
        </Button>
        <Button kind="quiet" icon="trash" label={t('study.delete')} onClick={() => setDeleting('study')} />
      </PageHead>
      {got.error !== null && <Failure error={got.error} retry={got.reload} />}
      {st.scans.length === 0 ? (
        <section class="panel">
          <Empty
            icon="upload"
            title={t('study.noScans')}
            action={
              <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
                {t('study.addScans')}
              </Button>
            }
          >
            {t('study.noScansText')}
          </Empty>
        </section>
      ) : (
        <>
          {ready.length > 0 && (
            <StartBar
              chosen={picked}
              ready={ready.length}
              onAll={() => setChosen(ready.map((s) => s.id))}
              onDone={() => setChosen([])}
            />
          )}
          <ul class="scans">
            {st.scans.map((s) => (
              <ScanCard
                key={s.id}
                scan={s}
                chosen={picked.includes(s.id)}
                onChoose={(on) => setChosen(on ? [...picked, s.id] : picked.filter((x) => x !== s.id))}
                onDelete={() => setDeleting(s)}
              />
            ))}
          </ul>
        </>
      )}
      {adding && (
        <Dialog title={t('study.addScans')} onClose={() => setAdding(false)}>
          <DropZone
            compact
            onFiles={(files) => {
              batch.attachTo(id)
              batch.add(files)
            }}
          />
          <FileList batch={batch} />
          <div class="dialog-actions">
            <Button kind="primary" onClick={() => setAdding(false)}>
              {t('action.done')}
            </Button>
          </div>
        </Dialog>
      )}
      {deleting !== null && (
        <Confirm
          title={deleting === 'study' ? t('study.delete') : t('scan.delete')}
          text={deleting === 'study' ? t('study.deleteText') : t('scan.deleteText')}
          verb={deleting === 'study' ? t('study.delete') : t('scan.delete')}
          busy={remove.busy}
          error={remove.error}
          onYes={() => remove.run()}
          onNo={() => setDeleting(null)}
        />
      )}
    </>
  )
}

/** A job knows its scan only; this finds the study and goes there. */
export function ScanRedirect({ id }: { id: string }) {
  const got = useLoad(id, (signal) => api.scan(id, signal))
  useEffect(() => {
    if (got.data !== null) navigate(`/studies/${got.data.study}`, { replace: true })
  }, [got.data])
  if (got.error !== null)
    return <PageFailure error={got.error} retry={got.reload} />
  return <Spinner />
}
