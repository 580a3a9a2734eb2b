// A new study: whose, what, and the files. Files start going up as soon as
// they are dropped; the study is made when the doctor says so.
import { useEffect, useState } from 'preact/hooks'
import type { PatientName } from '../api/types'
import * as api from '../api/calls'
import { t } from '../i18n/i18n'
import { navigate, queryParam } from '../router'
import { newBatch } from '../store/uploads'
import { useAction, useLoad, useSettled } from '../ui/hooks'
import { Icon } from '../ui/icons'
import { Button, ButtonLink, Failure, Field, PageHead, Spinner } from '../ui/parts'
import { PatientDialog } from '../ui/patientform'
import { DropZone, FileList } from '../ui/uploads'

function today(): string {
  const d = new Date()
  return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}-${String(d.getDate()).padStart(2, '0')}`
}

function PatientChoice({ onChoose }: { onChoose: (p: PatientName) => void }) {
  const [q, setQ] = useState('')
  const [adding, setAdding] = useState(false)
  const settled = useSettled(q.trim(), 250)
  const list = useLoad(`choose ${settled}`, (signal) => api.patients(settled, null, 6, signal))
  return (
    <>
      <div class="choose-row">
        <div class="search">
          <Icon name="search" size={18} />
          <input
            type="search"
            aria-label={t('patients.search')}
            placeholder={t('patients.search')}
            value={q}
            onInput={(e) => setQ(e.currentTarget.value)}
          />
        </div>
        <Button icon="plus" onClick={() => setAdding(true)}>
          {t('patient.add')}
        </Button>
      </div>
      {list.error !== null && <Failure error={list.error} retry={list.reload} />}
      {list.data === null && list.error === null && <Spinner />}
      {list.data?.items.length === 0 && (
        <p class="panel-text">{settled === '' ? t('patients.noneText') : t('patients.noHitText')}</p>
      )}
      {list.data !== null && list.data.items.length > 0 && (
        <ul class="rows rows-tight">
          {list.data.items.map((p) => (
            <li key={p.id}>
              <button type="button" class="row-link" onClick={() => onChoose(p)}>
                <span class="row-main">
                  <strong>{p.name}</strong>
                  <span class="row-sub">{p.code}</span>
                </span>
                <span class="row-side">{t('newstudy.choose')}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {adding && (
        <PatientDialog
          onClose={() => setAdding(false)}
          onDone={(p) => {
            setAdding(false)
            onChoose(p)
          }}
        />
      )}
    </>
  )
}

export default function NewStudyPage() {
  const given = queryParam('patient')
  const [patient, setPatient] = useState<PatientName | null>(null)
  const [description, setDescription] = useState('')
  const [date, setDate] = useState(today)
  const [batch] = useState(newBatch)
  const fixed = useLoad(`given ${given ?? ''}`, async (signal) => (given === null ? null : api.patient(given, signal)))
  useEffect(() => {
    if (fixed.data !== null) setPatient(fixed.data)
  }, [fixed.data])

  const study = batch.study.value
  const make = useAction(async (signal) => {
    if (patient === null) return
    const made = await api.addStudy(patient.id, { description: description.trim(), study_date: date }, signal)
    batch.attachTo(made.id)
  })
  const items = batch.items.value
  const sending = items.filter((i) => ['waiting', 'sending', 'lost', 'paused'].includes(i.phase)).length
  const settled = study !== null && !batch.busy()

  return (
    <>
      <PageHead title={t('newstudy.title')} crumbs={[{ href: '/', text: t('nav.home') }]} />
      <form
        class="steps"
        onSubmit={(e) => {
          e.preventDefault()
          make.run()
        }}
      >
        <section class="panel step" aria-labelledby="step-patient">
          <h2 id="step-patient">
            <span class="step-no">1</span>
            {t('newstudy.patient')}
          </h2>
          {fixed.error !== null && <Failure error={fixed.error} retry={fixed.reload} />}
          {patient === null ? (
            <PatientChoice onChoose={setPatient} />
          ) : (
            <div class="chosen">
              <Icon name="person" />
              <span class="row-main">
                <strong>{patient.name}</strong>
                <span class="row-sub">{patient.code}</span>
              </span>
              {study === null && (
                <Button small kind="quiet" onClick={() => setPatient(null)}>
                  {t('newstudy.other')}
                </Button>
              )}
            </div>
          )}
        </section>
        <section class="panel step" aria-labelledby="step-study">
          <h2 id="step-study">
            <span class="step-no">2</span>
            {t('newstudy.study')}
          </h2>
          <div class="field-row field-row-wide">
            <Field label={t('study.description')}>
              {(a) => (
                <input
                  {...a}
                  required
                  maxLength={200}
                  placeholder={t('study.descriptionExample')}
                  disabled={study !== null}
                  value={description}
                  onInput={(e) => setDescription(e.currentTarget.value)}
                />
              )}
            </Field>
            <Field label={t('study.date')}>
              {(a) => (
                <input
                  {...a}
                  type="date"
                  required
                  max={today()}
                  disabled={study !== null}
                  value={date}
                  onInput={(e) => setDate(e.currentTarget.value)}
                />
              )}
            </Field>
          </div>
        </section>
        <section class="panel step" aria-labelledby="step-files">
          <h2 id="step-files">
            <span class="step-no">3</span>
            {t('newstudy.files')}
          </h2>
          <DropZone compact={items.length > 0} onFiles={(files) => batch.add(files)} />
          <FileList batch={batch} />
        </section>
        {make.error !== null && <Failure error={make.error} />}
        <div class="step-end">
          {study === null ? (
            <>
              <p class="step-says" role="status">
                {patient === null
                  ? t('newstudy.needPatient')
                  : items.length === 0
                    ? t('newstudy.needFiles')
                    : sending > 0
                      ? t('newstudy.stillSending', { n: sending })
                      : t('newstudy.ready', { n: items.length })}
              </p>
              <Button kind="primary" type="submit" busy={make.busy} disabled={patient === null || items.length === 0}>
                {t('newstudy.make')}
              </Button>
            </>
          ) : (
            <>
              <p class="step-says" role="status">
                {settled ? t('newstudy.allUp') : t('newstudy.goingOn')}
              </p>
              <ButtonLink kind="primary" icon="right" href={`/studies/${study}`}>
                {t('newstudy.open')}
              </ButtonLink>
              {settled && (
                <Button kind="quiet" onClick={() => navigate('/')}>
                  {t('nav.home')}
                </Button>
              )}
            </>
          )}
        </div>
      </form>
    </>
  )
}
