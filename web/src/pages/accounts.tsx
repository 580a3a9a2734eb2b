// Admin: who may come in.
import { useState } from 'preact/hooks'
import type { AccountRow } from '../api/types'
import * as api from '../api/calls'
import { day } from '../i18n/format'
import { t } from '../i18n/i18n'
import { navigate, queryParam } from '../router'
import { account } from '../session'
import { notify } from '../store/notice'
import { errorText } from '../ui/errors'
import { useAction, useLoad } from '../ui/hooks'
import { Button, Confirm, Empty, Failure, PageHead, Spinner, Tag } from '../ui/parts'

const STATES = ['', 'pending', 'active', 'disabled'] as const

function Row({ a, onChanged }: { a: AccountRow; onChanged: () => void }) {
  const [asking, setAsking] = useState(false)
  const act = useAction(async (signal, verb: 'approve' | 'disable' | 'enable') => {
    await api.accountDo(a.id, verb, signal)
    setAsking(false)
    notify(t(`accounts.done.${verb}`, { name: a.name }))
    onChanged()
  })
  const self = account.value?.id === a.id
  return (
    <tr>
      <td class="cell-main">
        <strong>{a.name}</strong>
        <span class="row-sub">{a.login}</span>
      </td>
      <td data-label={t('register.role')}>{t(`role.${a.role}`)}</td>
      <td data-label={t('register.department')}>{a.department.name}</td>
      <td data-label={t('register.post')}>{a.post === '' ? '–' : a.post}</td>
      <td data-label={t('accounts.since')}>{day(a.created_at)}</td>
      <td data-label={t('accounts.state')}>
        <Tag kind={a.state === 'active' ? 'ok' : a.state === 'pending' ? 'warn' : 'plain'}>
          {t(`accounts.state.${a.state}`)}
        </Tag>
      </td>
      <td class="cell-actions">
        {a.state === 'pending' && (
          <Button small kind="primary" busy={act.busy} onClick={() => act.run('approve')}>
            {t('accounts.approve')}
          </Button>
        )}
        {a.state === 'disabled' && (
          <Button small busy={act.busy} onClick={() => act.run('enable')}>
            {t('accounts.enable')}
          </Button>
        )}
        {a.state !== 'disabled' && !self && (
          <Button small kind="quiet" onClick={() => setAsking(true)}>
            {a.state === 'pending' ? t('accounts.refuse') : t('accounts.disable')}
          </Button>
        )}
        {act.error !== null && !asking && <p class="field-error">{errorText(act.error)}</p>}
        {asking && (
          <Confirm
            title={t('accounts.disable')}
            text={t('accounts.disableText', { name: a.name })}
            verb={t('accounts.disable')}
            busy={act.busy}
            error={act.error}
            onYes={() => act.run('disable')}
            onNo={() => setAsking(false)}
          />
        )}
      </td>
    </tr>
  )
}

export default function AccountsPage() {
  const state = STATES.find((s) => s === queryParam('state')) ?? ''
  const list = useLoad(`accounts ${state}`, (signal) => api.accounts(state, signal))
  const items = list.data?.items ?? []
  return (
    <>
      <PageHead title={t('nav.accounts')} sub={t('accounts.sub')} />
      <div class="filters" role="group" aria-label={t('accounts.state')}>
        {STATES.map((s) => (
          <Button
            key={s}
            small
            pressed={state === s}
            onClick={() => navigate(s === '' ? '/accounts' : `/accounts?state=${s}`, { replace: true })}
          >
            {s === '' ? t('accounts.all') : t(`accounts.state.${s}`)}
          </Button>
        ))}
      </div>
      {list.error !== null && <Failure error={list.error} retry={list.reload} />}
      {list.data === null && list.error === null && <Spinner />}
      {list.data !== null && items.length === 0 && (
        <section class="panel">
          <Empty icon="accounts" title={state === 'pending' ? t('home.nothingWaiting') : t('accounts.none')}>
            {state === 'pending' ? t('home.nothingWaitingText') : t('accounts.noneText')}
          </Empty>
        </section>
      )}
      {items.length > 0 && (
        <table class="list">
          <caption class="sr">{t('nav.accounts')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('register.name')}</th>
              <th scope="col">{t('register.role')}</th>
              <th scope="col">{t('register.department')}</th>
              <th scope="col">{t('register.post')}</th>
              <th scope="col">{t('accounts.since')}</th>
              <th scope="col">{t('accounts.state')}</th>
              <th scope="col">
                <span class="sr">{t('accounts.actions')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((a) => (
              <Row key={a.id} a={a} onChanged={list.reload} />
            ))}
          </tbody>
        </table>
      )}
    </>
  )
}
