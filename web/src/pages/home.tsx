// What a person finds first: their work, what runs, and what to do next.
import { useEffect } from 'preact/hooks'
import * as api from '../api/calls'
import { day } from '../i18n/format'
import { t } from '../i18n/i18n'
import { account } from '../session'
import { isActive, jobs } from '../store/jobs'
import { approved, modelList, wantModels } from '../store/models'
import { useLoad } from '../ui/hooks'
import { Icon } from '../ui/icons'
import { JobRow } from '../ui/jobs'
import { Banner, ButtonLink, Empty, Failure, PageHead, Spinner } from '../ui/parts'

const SHOWN_JOBS = 5

/** A person's own jobs; an admin is shown those of all accounts. */
function Jobs() {
  // uploads that were read and masks that were made need no word; the tray has them
  const ended = jobs.value.filter((j) => !isActive(j) && (j.kind === 'segment' || j.state !== 'succeeded'))
  const shown = [...jobs.value.filter(isActive), ...ended].slice(0, SHOWN_JOBS)
  return (
    <section class="panel" aria-labelledby="home-jobs">
      <h2 id="home-jobs">{t(account.value?.role === 'admin' ? 'home.allJobs' : 'home.jobs')}</h2>
      {shown.length === 0 ? (
        <Empty icon="clock" title={t('jobs.none')}>
          {t('jobs.noneText')}
        </Empty>
      ) : (
        <ul class="job-list">
          {shown.map((j) => (
            <JobRow key={j.id} job={j} />
          ))}
        </ul>
      )}
    </section>
  )
}

function RecentStudies() {
  const list = useLoad('studies', (signal) => api.studies(null, 10, signal))
  return (
    <section class="panel" aria-labelledby="home-studies">
      <h2 id="home-studies">{t('home.studies')}</h2>
      {list.error !== null && <Failure error={list.error} retry={list.reload} />}
      {list.data === null && list.error === null && <Spinner />}
      {list.data?.items.length === 0 && (
        <Empty
          icon="scan"
          title={t('home.noStudies')}
          action={
            <ButtonLink kind="primary" icon="plus" href="/studies/new">
              {t('home.newStudy')}
            </ButtonLink>
          }
        >
          {t('home.noStudiesText')}
        </Empty>
      )}
      {list.data !== null && list.data.items.length > 0 && (
        <ul class="rows">
          {list.data.items.map((s) => (
            <li key={s.id}>
              <a class="row-link" href={`/studies/${s.id}`}>
                <span class="row-main">
                  <strong>{s.patient.name}</strong>
                  <span class="row-sub">
                    {s.description === '' ? t('study.untitled') : s.description} · {s.patient.code}
                  </span>
                </span>
                <span class="row-side">
                  <span>{day(s.study_date)}</span>
                  <span class="row-sub">{t('study.scans', { n: s.scans })}</span>
                </span>
                <Icon name="right" size={16} />
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function AdminHome() {
  const pending = useLoad('pending', (signal) => api.accounts('pending', signal))
  const n = pending.data?.items.length ?? 0
  return (
    <section class="panel" aria-labelledby="home-admin">
      <h2 id="home-admin">{t('home.waiting')}</h2>
      {pending.error !== null && <Failure error={pending.error} retry={pending.reload} />}
      {pending.data !== null &&
        (n > 0 ? (
          <a class="row-link" href="/accounts?state=pending">
            <span class="row-main">
              <strong>{t('home.pending', { n })}</strong>
              <span class="row-sub">{t('home.pendingText')}</span>
            </span>
            <Icon name="right" size={16} />
          </a>
        ) : (
          <Empty icon="check" title={t('home.nothingWaiting')}>
            {t('home.nothingWaitingText')}
          </Empty>
        ))}
    </section>
  )
}

function ResearcherHome() {
  return (
    <section class="panel" aria-labelledby="home-research">
      <h2 id="home-research">{t('nav.models')}</h2>
      <p class="panel-text">{t('home.researcherText')}</p>
      <ButtonLink icon="model" href="/models">
        {t('home.toModels')}
      </ButtonLink>
    </section>
  )
}

export default function HomePage() {
  const who = account.value
  useEffect(wantModels, [])
  if (!who) return null
  const doctor = who.role === 'doctor'
  const noModel = doctor && modelList.value !== null && approved(modelList.value).length === 0
  return (
    <>
      <PageHead title={t('home.title', { name: who.name })} tab={t('nav.home')} sub={who.department.name}>
        {doctor && (
          <ButtonLink kind="primary" icon="plus" href="/studies/new">
            {t('home.newStudy')}
          </ButtonLink>
        )}
      </PageHead>
      {noModel && <Banner kind="warn">{t('home.noModel')}</Banner>}
      <div class="split">
        {doctor && <RecentStudies />}
        {who.role === 'admin' && <AdminHome />}
        {who.role === 'researcher' && <ResearcherHome />}
        <Jobs />
      </div>
    </>
  )
}
