// The personal page.
import { useState } from 'preact/hooks'
import * as api from '../api/calls'
import { ApiError } from '../api/client'
import { t } from '../i18n/i18n'
import { account, begin, leave } from '../session'
import { notify } from '../store/notice'
import { setTheme, theme } from '../store/theme'
import { LanguageChoice } from '../ui/choices'
import { useAction } from '../ui/hooks'
import { Button, Confirm, Failure, Field, PageHead } from '../ui/parts'
import { PASSWORD_MIN } from './register'

function PasswordForm() {
  const [old, setOld] = useState('')
  const [fresh, setFresh] = useState('')
  const [again, setAgain] = useState('')
  const differ = again !== '' && again !== fresh
  const go = useAction(async (signal) => {
    await api.setPassword(old, fresh, signal)
    begin(await api.me(signal)) // a new cookie came with it, and so a new token
    setOld('')
    setFresh('')
    setAgain('')
    notify(t('me.passwordDone'))
  })
  const wrong = go.error instanceof ApiError && go.error.code === 'password_wrong'
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault()
        if (!differ) go.run()
      }}
    >
      <input class="sr" type="text" autocomplete="username" value={account.value?.login ?? ''} readOnly tabIndex={-1} aria-hidden="true" />
      <Field label={t('me.old')} error={wrong ? t('me.oldWrong') : null}>
        {(a) => (
          <input {...a} type="password" autocomplete="current-password" required value={old} onInput={(e) => setOld(e.currentTarget.value)} />
        )}
      </Field>
      <Field label={t('me.new')} hint={t('register.passwordHint', { n: PASSWORD_MIN })}>
        {(a) => (
          <input
            {...a}
            type="password"
            autocomplete="new-password"
            required
            minLength={PASSWORD_MIN}
            maxLength={200}
            value={fresh}
            onInput={(e) => setFresh(e.currentTarget.value)}
          />
        )}
      </Field>
      <Field label={t('me.again')} error={differ ? t('me.differ') : null}>
        {(a) => (
          <input {...a} type="password" autocomplete="new-password" required value={again} onInput={(e) => setAgain(e.currentTarget.value)} />
        )}
      </Field>
      {go.error !== null && !wrong && <Failure error={go.error} />}
      <Button kind="primary" type="submit" busy={go.busy}>
        {t('me.change')}
      </Button>
    </form>
  )
}

export default function MePage() {
  const who = account.value
  const [asking, setAsking] = useState(false)
  const everywhere = useAction((signal) => leave(true, signal))
  const here = useAction((signal) => leave(false, signal))
  if (!who) return null
  const facts: [string, string][] = [
    [t('register.name'), who.name],
    [t('register.post'), who.post === '' ? '–' : who.post],
    [t('register.department'), who.department.name],
    [t('register.role'), t(`role.${who.role}`)],
    [t('login.name'), who.login],
  ]
  return (
    <>
      <PageHead title={t('nav.me')}>
        <Button icon="out" busy={here.busy} onClick={() => here.run()}>
          {t('me.out')}
        </Button>
      </PageHead>
      {here.error !== null && <Failure error={here.error} />}
      <div class="split split-even">
        <div class="stack">
          <section class="panel" aria-labelledby="me-who">
            <h2 id="me-who">{t('me.who')}</h2>
            <dl class="fact-list">
              {facts.map(([k, v]) => (
                <div key={k}>
                  <dt>{k}</dt>
                  <dd>{v}</dd>
                </div>
              ))}
            </dl>
            <p class="hint">{t('me.whoHint')}</p>
          </section>
          <section class="panel" aria-labelledby="me-look">
            <h2 id="me-look">{t('me.look')}</h2>
            <div class="look-row">
              <span>{t('choice.language')}</span>
              <LanguageChoice />
            </div>
            <div class="look-row">
              <span id="me-theme">{t('choice.theme')}</span>
              <div class="segmented" role="radiogroup" aria-labelledby="me-theme">
                {(['system', 'light', 'dark'] as const).map((x) => (
                  <label key={x} class={theme.value === x ? 'on' : ''}>
                    <input type="radio" name="theme" checked={theme.value === x} onChange={() => setTheme(x)} />
                    {t(`choice.theme.${x}`)}
                  </label>
                ))}
              </div>
            </div>
          </section>
        </div>
        <div class="stack">
          <section class="panel" aria-labelledby="me-password">
            <h2 id="me-password">{t('me.password')}</h2>
            <PasswordForm />
          </section>
          <section class="panel" aria-labelledby="me-sessions">
            <h2 id="me-sessions">{t('me.sessions')}</h2>
            <p class="panel-text">{t('me.sessionsText')}</p>
            <Button icon="out" onClick={() => setAsking(true)}>
              {t('me.outEverywhere')}
            </Button>
          </section>
        </div>
      </div>
      {asking && (
        <Confirm
          title={t('me.outEverywhere')}
          text={t('me.outEverywhereAsk')}
          verb={t('me.outEverywhere')}
          busy={everywhere.busy}
          error={everywhere.error}
          onYes={() => everywhere.run()}
          onNo={() => setAsking(false)}
        />
      )}
    </>
  )
}
