// Jobs as people see them: one row, and the tray that holds all of them.
import { useEffect } from 'preact/hooks'
import type { Job } from '../api/types'
import * as api from '../api/calls'
import { ago, percent, span } from '../i18n/format'
import { t, tMaybe } from '../i18n/i18n'
import { isActive, jobs, noteJob, reachable } from '../store/jobs'
import { versionName, wantModels } from '../store/models'
import { errorText, reasonText } from './errors'
import { useAction } from './hooks'
import { Banner, Button, Dialog, Empty, Progress, Tag } from './parts'

export function jobTitle(j: Job): string {
  return tMaybe(`job.kind.${j.kind}`) ?? j.kind
}

/** Where it stands, in one line. */
export function jobLine(j: Job): string {
  if (j.state === 'queued') {
    const parts: string[] = []
    parts.push(j.place !== null && j.place > 0 ? t('job.place', { n: j.place }) : t('job.waiting'))
    if (j.expected_s !== null) parts.push(t('job.expected', { span: span(j.expected_s) }))
    return parts.join(' · ')
  }
  if (j.state === 'running') {
    const parts = [tMaybe(`job.stage.${j.stage}`) ?? t('job.running')]
    if (j.progress > 0) parts.push(percent(j.progress))
    if (j.expected_s !== null && j.expected_s >= 1) parts.push(t('job.expected', { span: span(j.expected_s) }))
    return parts.join(' · ')
  }
  if (j.error !== null) return reasonText(j.error.code, j.error.text)
  return ago(j.finished_at ?? j.created_at)
}

export function JobTag({ job }: { job: Job }) {
  switch (job.state) {
    case 'queued':
      return <Tag kind="plain">{t('job.state.queued')}</Tag>
    case 'running':
      return <Tag kind="info">{t('job.state.running')}</Tag>
    case 'succeeded':
      return <Tag kind="ok">{t('job.state.succeeded')}</Tag>
    case 'cancelled':
      return <Tag kind="plain">{t('job.state.cancelled')}</Tag>
    case 'failed':
      return <Tag kind="warn">{t('job.state.failed')}</Tag>
    case 'dead':
      return <Tag kind="danger">{t('job.state.dead')}</Tag>
  }
}

export function JobRow({ job, onGo }: { job: Job; onGo?: () => void }) {
  const cancel = useAction(async (signal) => noteJob(await api.cancelJob(job.id, signal)))
  const retry = useAction(async (signal) => noteJob(await api.retryJob(job.id, signal)))
  const model = versionName(job.version)
  const error = cancel.error ?? retry.error
  const over = job.state === 'failed' || job.state === 'dead' || job.state === 'cancelled'
  return (
    <li class={`job job-${job.state}`}>
      <div class="job-top">
        <span class="job-title">
          {jobTitle(job)}
          {model !== null && <span class="job-model"> {model}</span>}
        </span>
        <JobTag job={job} />
      </div>
      {isActive(job) && <Progress value={job.state === 'running' ? job.progress : 0} label={jobTitle(job)} />}
      <p class="job-line">{jobLine(job)}</p>
      {error !== null && <p class="field-error">{errorText(error)}</p>}
      <div class="job-actions">
        {job.state === 'succeeded' && job.segmentation !== null && (
          <a class="link-strong" href={`/segmentations/${job.segmentation}`} onClick={onGo}>
            {t('job.openResult')}
          </a>
        )}
        {job.scan !== null && (job.segmentation === null || job.state !== 'succeeded') && (
          <a href={`/scans/${job.scan}`} onClick={onGo}>
            {t('job.openStudy')}
          </a>
        )}
        {isActive(job) && (
          <Button small kind="quiet" busy={cancel.busy} onClick={() => cancel.run()}>
            {t('job.cancel')}
          </Button>
        )}
        {over && (
          <Button small kind="quiet" busy={retry.busy} onClick={() => retry.run()}>
            {t('job.retry')}
          </Button>
        )}
      </div>
    </li>
  )
}

export function JobTray({ onClose }: { onClose: () => void }) {
  useEffect(wantModels, [])
  const now = jobs.value.filter(isActive)
  const then = jobs.value.filter((j) => !isActive(j)).slice(0, 30)
  return (
    <Dialog title={t('jobs.title')} onClose={onClose} cls="drawer">
      {!reachable.value && <Banner kind="warn">{t('jobs.unreachable')}</Banner>}
      {jobs.value.length === 0 ? (
        <Empty icon="clock" title={t('jobs.none')}>
          {t('jobs.noneText')}
        </Empty>
      ) : (
        <>
          {now.length > 0 && (
            <section>
              <h3 class="drawer-title">{t('jobs.now')}</h3>
              <ul class="job-list">
                {now.map((j) => (
                  <JobRow key={j.id} job={j} onGo={onClose} />
                ))}
              </ul>
            </section>
          )}
          {then.length > 0 && (
            <section>
              <h3 class="drawer-title">{t('jobs.before')}</h3>
              <ul class="job-list">
                {then.map((j) => (
                  <JobRow key={j.id} job={j} onGo={onClose} />
                ))}
              </ul>
            </section>
          )}
        </>
      )}
    </Dialog>
  )
}
