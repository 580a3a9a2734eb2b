// One patient and the studies made.
import { useState } from 'preact/hooks'
import * as api from '../api/calls'
import { day } from '../i18n/format'
import { t } from '../i18n/i18n'
import { navigate } from '../router'
import { notify } from '../store/notice'
import { useAction, useLoad } from '../ui/hooks'
import { Icon } from '../ui/icons'
import { Button, ButtonLink, Confirm, Empty, PageFailure, PageHead, Spinner } from '../ui/parts'

export default function PatientPage({ id }: { id: string }) {
  const got = useLoad(id, (signal) => api.patient(id, signal))
  const [asking, setAsking] = useState(false)
  const remove = useAction(async (signal) => {
    await api.deletePatient(id, signal)
    notify(t('patient.deleted'))
    navigate('/patients')
  })
  if (got.data === null) return got.error === null ? <Spinner /> : <PageFailure error={got.error} retry={got.reload} />
  const p = got.data
  const facts = [p.code, day(p.birth_date), p.sex === null ? null : t(`patient.sex.${p.sex}`)]
  return (
    <>
      <PageHead
        title={p.name}
        tab={t('patient.one')}
        crumbs={[{ href: '/patients', text: t('nav.patients') }]}
        sub={facts.filter((f) => f !== null && f !== '–').join(' · ')}
      >
        <ButtonLink kind="primary" icon="plus" href={`/studies/new?patient=${p.id}`}>
          {t('home.newStudy')}
        </ButtonLink>
        <Button kind="quiet" icon="trash" label={t('patient.delete')} onClick={() => setAsking(true)} />
      </PageHead>
      <section class="panel" aria-labelledby="patient-studies">
        <h2 id="patient-studies">{t('patient.studies')}</h2>
        {p.studies.length === 0 ? (
          <Empty
            icon="scan"
            title={t('patient.noStudies')}
            action={
              <ButtonLink icon="plus" href={`/studies/new?patient=${p.id}`}>
                {t('home.newStudy')}
              </ButtonLink>
            }
          >
            {t('patient.noStudiesText')}
          </Empty>
        ) : (
          <ul class="rows">
            {p.studies.map((s) => (
              <li key={s.id}>
                <a class="row-link" href={`/studies/${s.id}`}>
                  <span class="row-main">
                    <strong>{s.description === '' ? t('study.untitled') : s.description}</strong>
                    <span class="row-sub">{t('study.scans', { n: s.scans })}</span>
                  </span>
                  <span class="row-side">{day(s.study_date)}</span>
                  <Icon name="right" size={16} />
                </a>
              </li>
            ))}
          </ul>
        )}
      </section>
      {asking && (
        <Confirm
          title={t('patient.delete')}
          text={t('patient.deleteText')}
          verb={t('patient.delete')}
          busy={remove.busy}
          error={remove.error}
          onYes={() => remove.run()}
          onNo={() => setAsking(false)}
        />
      )}
    </>
  )
}
