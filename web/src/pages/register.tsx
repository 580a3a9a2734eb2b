// Ask for an account. An administrator approves it.
import { useState } from 'preact/hooks'
import * as api from '../api/calls'
import { t } from '../i18n/i18n'
import { Gate } from '../ui/gate'
import { useAction, useLoad } from '../ui/hooks'
import { Banner, Button, ButtonLink, Failure, Field, PageHead } from '../ui/parts'

export const PASSWORD_MIN = 10 // as common/password.h

export default function RegisterPage() {
  const [login, setLogin] = useState('')
  const [password, setPassword] = useState('')
  const [name, setName] = useState('')
  const [post, setPost] = useState('')
  const [department, setDepartment] = useState('')
  const [role, setRole] = useState<'doctor' | 'researcher'>('doctor')
  const [done, setDone] = useState(false)
  const departments = useLoad('departments', api.departments)
  const go = useAction(async (signal) => {
    await api.register({ login: login.trim(), password, name: name.trim(), post: post.trim(), department, role }, signal)
    setDone(true)
  })

  if (done)
    return (
      <Gate>
        <PageHead title={t('register.doneTitle')} />
        <Banner kind="ok" live>
          {t('register.done')}
        </Banner>
        <ButtonLink href="/login">{t('register.toLogin')}</ButtonLink>
      </Gate>
    )

  return (
    <Gate>
      <PageHead title={t('register.title')} sub={t('register.sub')} />
      <form
        onSubmit={(e) => {
          e.preventDefault()
          go.run()
        }}
      >
        <Field label={t('register.name')}>
          {(a) => (
            <input {...a} autocomplete="name" required maxLength={120} value={name} onInput={(e) => setName(e.currentTarget.value)} />
          )}
        </Field>
        <div class="field-row">
          <Field label={t('register.department')}>
            {(a) => (
              <select {...a} required value={department} onChange={(e) => setDepartment(e.currentTarget.value)}>
                <option value="">{t('form.choose')}</option>
                {departments.data?.items.map((d) => (
                  <option key={d.id} value={d.id}>
                    {d.name}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label={t('register.post')} optional>
            {(a) => (
              <input
                {...a}
                autocomplete="organization-title"
                maxLength={120}
                value={post}
                onInput={(e) => setPost(e.currentTarget.value)}
              />
            )}
          </Field>
        </div>
        {departments.error !== null && <Failure error={departments.error} retry={departments.reload} />}
        <fieldset class="field">
          <legend>{t('register.role')}</legend>
          <div class="choice-row">
            <label class="choice">
              <input type="radio" name="role" checked={role === 'doctor'} onChange={() => setRole('doctor')} />
              <span>
                <strong>{t('role.doctor')}</strong>
                <small>{t('register.doctorText')}</small>
              </span>
            </label>
            <label class="choice">
              <input type="radio" name="role" checked={role === 'researcher'} onChange={() => setRole('researcher')} />
              <span>
                <strong>{t('role.researcher')}</strong>
                <small>{t('register.researcherText')}</small>
              </span>
            </label>
          </div>
        </fieldset>
        <Field label={t('login.name')} hint={t('register.loginHint')}>
          {(a) => (
            <input
              {...a}
              autocomplete="username"
              autocapitalize="none"
              spellcheck={false}
              required
              minLength={2}
              maxLength={64}
              pattern="[a-z0-9][a-z0-9._@\-]+"
              value={login}
              onInput={(e) => setLogin(e.currentTarget.value)}
            />
          )}
        </Field>
        <Field label={t('login.password')} hint={t('register.passwordHint', { n: PASSWORD_MIN })}>
          {(a) => (
            <input
              {...a}
              type="password"
              autocomplete="new-password"
              required
              minLength={PASSWORD_MIN}
              maxLength={200}
              value={password}
              onInput={(e) => setPassword(e.currentTarget.value)}
            />
          )}
        </Field>
        {go.error !== null && <Failure error={go.error} />}
        <Button kind="primary" type="submit" busy={go.busy}>
          {t('register.go')}
        </Button>
      </form>
      <p class="gate-other">
        {t('register.haveAccount')} <a href="/login">{t('login.go')}</a>
      </p>
    </Gate>
  )
}
