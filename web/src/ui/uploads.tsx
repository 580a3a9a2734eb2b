// Where files are dropped, and the list of what becomes of each.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Scan } from '../api/types'
import type { Batch, Item } from '../store/uploads'
import * as api from '../api/calls'
import { bytes, percent } from '../i18n/format'
import { t } from '../i18n/i18n'
import { jobOfScan, scanPulse } from '../store/jobs'
import { notify } from '../store/notice'
import { filesOf } from '../store/uploads'
import { errorText, reasonText } from './errors'
import { useLoad } from './hooks'
import { Icon } from './icons'
import { jobLine } from './jobs'
import { Button, Progress, Tag } from './parts'

export function DropZone({ onFiles, compact }: { onFiles: (files: File[]) => void; compact?: boolean }) {
  const [over, setOver] = useState(false)
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)

  useEffect(() => {
    if (folder.current !== null) folder.current.webkitdirectory = true
    const stray = (e: DragEvent) => e.preventDefault() // a drop beside the zone must not leave the page
    window.addEventListener('dragover', stray)
    window.addEventListener('drop', stray)
    return () => {
      window.removeEventListener('dragover', stray)
      window.removeEventListener('drop', stray)
    }
  }, [])

  const picked = (input: HTMLInputElement) => {
    if (input.files !== null && input.files.length > 0) onFiles([...input.files].filter((f) => !f.name.startsWith('.')))
    input.value = ''
  }

  return (
    <div
      class={`drop${over ? ' drop-over' : ''}${compact === true ? ' drop-compact' : ''}`}
      onDragEnter={() => setOver(true)}
      onDragOver={(e) => {
        e.preventDefault()
        setOver(true)
      }}
      onDragLeave={(e) => {
        if (!(e.relatedTarget instanceof Node && e.currentTarget.contains(e.relatedTarget))) setOver(false)
      }}
      onDrop={(e) => {
        e.preventDefault()
        setOver(false)
        if (e.dataTransfer === null) return
        filesOf(e.dataTransfer).then(onFiles, () => notify(t('upload.unreadable'), 'error'))
      }}
    >
      <span class="drop-icon">
        <Icon name="upload" size={26} />
      </span>
      <p class="drop-title">{t('upload.drop')}</p>
      <p class="drop-text">{t('upload.formats')}</p>
      <div class="drop-actions">
        <Button icon="scan" onClick={() => files.current?.click()}>
          {t('upload.chooseFiles')}
        </Button>
        <Button icon="folder" onClick={() => folder.current?.click()}>
          {t('upload.chooseFolder')}
        </Button>
      </div>
      <input
        ref={files}
        class="sr"
        type="file"
        multiple
        tabIndex={-1}
        aria-label={t('upload.chooseFiles')}
        onChange={(e) => picked(e.currentTarget)}
      />
      <input
        ref={folder}
        class="sr"
        type="file"
        tabIndex={-1}
        aria-label={t('upload.chooseFolder')}
        onChange={(e) => picked(e.currentTarget)}
      />
    </div>
  )
}

/** After a file is tied to its study: what the reading of it found. */
function ScanReport({ id }: { id: string }) {
  const got = useLoad(id, (signal) => api.scan(id, signal), scanPulse([id]))
  const scan: Scan | null = got.data
  if (scan === null || scan.state === 'ingesting') {
    const job = jobOfScan(id, 'ingest')
    return <p class="file-line">{job === undefined ? t('upload.reading') : jobLine(job)}</p>
  }
  return (
    <>
      {scan.report
        .filter((r) => r.verdict !== 'ok')
        .map((r, i) => (
          <p key={i} class={r.verdict === 'refused' ? 'file-line file-bad' : 'file-line'}>
            {reasonText(r.code, r.text)}
          </p>
        ))}
      {scan.state === 'ready' && (
        <p class="file-line">
          {t('scan.size', { w: scan.width ?? 0, h: scan.height ?? 0 })}
        </p>
      )}
    </>
  )
}

function ScanTag({ id }: { id: string }) {
  const got = useLoad(id, (signal) => api.scan(id, signal), scanPulse([id]))
  if (got.data === null || got.data.state === 'ingesting') return <Tag kind="info">{t('upload.phase.attached')}</Tag>
  return got.data.state === 'ready' ? (
    <Tag kind="ok">{t('scan.state.ready')}</Tag>
  ) : (
    <Tag kind="danger">{t('scan.state.refused')}</Tag>
  )
}

function PhaseTag({ i }: { i: Item }) {
  if (i.scan !== null) return <ScanTag id={i.scan} />
  const kind = i.phase === 'failed' ? 'danger' : i.phase === 'lost' ? 'warn' : i.phase === 'sent' ? 'ok' : 'plain'
  return <Tag kind={kind}>{t(`upload.phase.${i.phase}`)}</Tag>
}

function FileRow({ batch, i }: { batch: Batch; i: Item }) {
  const share = i.file.size === 0 ? 1 : i.sent / i.file.size
  const moving = i.phase === 'sending' || i.phase === 'lost' || i.phase === 'waiting'
  return (
    <li class="file">
      <div class="file-top">
        <span class="file-name">{i.file.name}</span>
        <PhaseTag i={i} />
      </div>
      {(moving || i.phase === 'paused') && <Progress value={share} label={t('upload.progressOf', { name: i.file.name })} />}
      <div class="file-bottom">
        <div class="file-says">
          {i.phase === 'failed' && i.error !== null && <p class="file-line file-bad">{errorText(i.error)}</p>}
          {i.phase === 'lost' && <p class="file-line">{t('upload.lostText', { n: i.retryIn })}</p>}
          {i.scan !== null && <ScanReport id={i.scan} />}
          {i.scan === null && i.phase !== 'failed' && i.phase !== 'lost' && (
            <p class="file-line">
              {moving && i.sent > 0
                ? t('upload.sentOf', { sent: bytes(i.sent), total: bytes(i.file.size), share: percent(share) })
                : bytes(i.file.size)}
            </p>
          )}
        </div>
        <div class="file-actions">
          {moving && (
            <Button small kind="quiet" icon="pause" label={t('upload.pause', { name: i.file.name })} onClick={() => batch.pause(i.key)} />
          )}
          {i.phase === 'paused' && (
            <Button small kind="quiet" icon="play" label={t('upload.go', { name: i.file.name })} onClick={() => batch.go(i.key)} />
          )}
          {i.phase === 'failed' && (
            <Button small kind="quiet" icon="retry" label={t('upload.again', { name: i.file.name })} onClick={() => batch.go(i.key)} />
          )}
          {i.scan === null && i.phase !== 'attaching' && (
            <Button small kind="quiet" icon="close" label={t('upload.remove', { name: i.file.name })} onClick={() => batch.remove(i.key)} />
          )}
        </div>
      </div>
    </li>
  )
}

export function FileList({ batch }: { batch: Batch }) {
  const items = batch.items.value
  if (items.length === 0) return null
  return (
    <ul class="files" aria-label={t('upload.files')}>
      {items.map((i) => (
        <FileRow key={i.key} batch={batch} i={i} />
      ))}
    </ul>
  )
}
