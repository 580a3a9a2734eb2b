// Log-in, and back to where the person wanted to go.
import { useState } from 'preact/hooks'
import { ApiError } from '../api/client'
import * as api from '../api/calls'
import { t } from '../i18n/i18n'
import { navigate, queryParam, safeNext } from '../router'
import { begin, ended } from '../session'
import { useAction } from '../ui/hooks'
import { Banner, Button, Failure, Field, PageHead } from '../ui/parts'
import { Gate } from '../ui/gate'

export default function LoginPage() {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const go = useAction(async (signal) => {
    begin(await api.login(name.trim(), password, signal))
    navigate(safeNext(queryParam('next')), { replace: true })
  })
  const wrong = go.error instanceof ApiError && go.error.status === 401
  return (
    <Gate>
      <PageHead title={t('login.title')} />
      {ended.value && <Banner kind="info">{t('login.ended')}</Banner>}
      <form
        onSubmit={(e) => {
          e.preventDefault()
          go.run()
        }}
      >
        <Field label={t('login.name')}>
          {(a) => (
            <input
              {...a}
              name="username"
              autocomplete="username"
              autocapitalize="none"
              spellcheck={false}
              required
              value={name}
              onInput={(e) => setName(e.currentTarget.value)}
            />
          )}
        </Field>
        <Field label={t('login.password')}>
          {(a) => (
            <input
              {...a}
              type="password"
              name="password"
              autocomplete="current-password"
              required
              value={password}
              onInput={(e) => setPassword(e.currentTarget.value)}
            />
          )}
        </Field>
        {wrong && (
          <Banner kind="danger" live>
            {t('login.wrong')}
          </Banner>
        )}
        {go.error !== null && !wrong && <Failure error={go.error} />}
        <Button kind="primary" type="submit" busy={go.busy}>
          {t('login.go')}
        </Button>
      </form>
      <p class="gate-other">
        {t('login.noAccount')} <a href="/register">{t('login.register')}</a>
      </p>
    </Gate>
  )
}
