// The fields of a new patient, used in a dialog and within a new study.
import { useState } from 'preact/hooks'
import type { NewPatient } from '../api/calls'
import type { Patient, Sex } from '../api/types'
import * as api from '../api/calls'
import { t } from '../i18n/i18n'
import { useAction } from './hooks'
import { Button, Dialog, Failure, Field } from './parts'

const SEXES: readonly Sex[] = ['female', 'male', 'other']

export function PatientDialog(p: { onClose: () => void; onDone: (made: Patient) => void }) {
  const [code, setCode] = useState('')
  const [name, setName] = useState('')
  const [birth, setBirth] = useState('')
  const [sex, setSex] = useState<Sex | ''>('')
  const go = useAction(async (signal) => {
    const fresh: NewPatient = { code: code.trim(), name: name.trim() }
    if (birth !== '') fresh.birth_date = birth
    if (sex !== '') fresh.sex = sex
    p.onDone(await api.addPatient(fresh, signal))
  })
  return (
    <Dialog title={t('patient.add')} onClose={p.onClose}>
      <form
        onSubmit={(e) => {
          e.preventDefault()
          go.run()
        }}
      >
        <Field label={t('patient.code')} hint={t('patient.codeHint')}>
          {(a) => (
            <input {...a} required maxLength={64} autocomplete="off" value={code} onInput={(e) => setCode(e.currentTarget.value)} />
          )}
        </Field>
        <Field label={t('patient.name')}>
          {(a) => (
            <input {...a} required maxLength={200} autocomplete="off" value={name} onInput={(e) => setName(e.currentTarget.value)} />
          )}
        </Field>
        <div class="field-row">
          <Field label={t('patient.birth')} optional>
            {(a) => <input {...a} type="date" value={birth} onInput={(e) => setBirth(e.currentTarget.value)} />}
          </Field>
          <Field label={t('patient.sex')} optional>
            {(a) => (
              <select
                {...a}
                value={sex}
                onChange={(e) => setSex(SEXES.find((s) => s === e.currentTarget.value) ?? '')}
              >
                <option value="">{t('patient.sexUnknown')}</option>
                {SEXES.map((s) => (
                  <option key={s} value={s}>
                    {t(`patient.sex.${s}`)}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
        {go.error !== null && <Failure error={go.error} />}
        <div class="dialog-actions">
          <Button onClick={p.onClose}>{t('action.cancel')}</Button>
          <Button kind="primary" type="submit" busy={go.busy}>
            {t('patient.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
