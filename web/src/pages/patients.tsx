// All patients of the department, found by name or number.
import { useState } from 'preact/hooks'
import type { Patient } from '../api/types'
import * as api from '../api/calls'
import { day } from '../i18n/format'
import { t } from '../i18n/i18n'
import { navigate } from '../router'
import { useAction, useLoad, useSettled } from '../ui/hooks'
import { Icon } from '../ui/icons'
import { Button, Empty, Failure, PageHead, Spinner } from '../ui/parts'
import { PatientDialog } from '../ui/patientform'

const PAGE = 25

export default function PatientsPage() {
  const [q, setQ] = useState('')
  const [adding, setAdding] = useState(false)
  const settled = useSettled(q.trim(), 250)
  const list = useLoad(`patients ${settled}`, (signal) => api.patients(settled, null, PAGE, signal))
  const more = useAction(async (signal) => {
    if (list.data === null) return
    const next = await api.patients(settled, list.data.next, PAGE, signal)
    list.set({ items: [...list.data.items, ...next.items], next: next.next })
  })
  const items = list.data?.items ?? []
  return (
    <>
      <PageHead title={t('nav.patients')}>
        <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
          {t('patient.add')}
        </Button>
      </PageHead>
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
      {list.error !== null && <Failure error={list.error} retry={list.reload} />}
      {list.data === null && list.error === null && <Spinner />}
      {list.data !== null && items.length === 0 && (
        <section class="panel">
          {settled === '' ? (
            <Empty
              icon="people"
              title={t('patients.none')}
              action={
                <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
                  {t('patient.add')}
                </Button>
              }
            >
              {t('patients.noneText')}
            </Empty>
          ) : (
            <Empty icon="search" title={t('patients.noHit')}>
              {t('patients.noHitText')}
            </Empty>
          )}
        </section>
      )}
      {items.length > 0 && <PatientTable items={items} />}
      {list.data !== null && list.data.next !== null && (
        <div class="more">
          <Button busy={more.busy} onClick={() => more.run()}>
            {t('action.more')}
          </Button>
        </div>
      )}
      {more.error !== null && <Failure error={more.error} />}
      {adding && (
        <PatientDialog
          onClose={() => setAdding(false)}
          onDone={(p) => {
            setAdding(false)
            navigate(`/patients/${p.id}`)
          }}
        />
      )}
    </>
  )
}

function PatientTable({ items }: { items: readonly Patient[] }) {
  return (
    <table class="list">
      <caption class="sr">{t('nav.patients')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('patient.name')}</th>
          <th scope="col">{t('patient.code')}</th>
          <th scope="col">{t('patient.birth')}</th>
          <th scope="col" class="numeric">
            {t('patient.studies')}
          </th>
          <th scope="col">{t('patient.lastStudy')}</th>
        </tr>
      </thead>
      <tbody>
        {items.map((p) => (
          <tr key={p.id}>
            <td class="cell-main">
              <a href={`/patients/${p.id}`} class="cell-link">
                {p.name}
              </a>
            </td>
            <td data-label={t('patient.code')}>{p.code}</td>
            <td data-label={t('patient.birth')}>{day(p.birth_date)}</td>
            <td data-label={t('patient.studies')} class="numeric">
              {p.studies}
            </td>
            <td data-label={t('patient.lastStudy')}>{day(p.last_study_date)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
