// The models there are, and what may be used on patients.
import { useEffect } from 'preact/hooks'
import type { VersionState } from '../api/types'
import * as api from '../api/calls'
import { day, num } from '../i18n/format'
import { t } from '../i18n/i18n'
import { setModels } from '../store/models'
import { useLoad } from '../ui/hooks'
import { Empty, Failure, PageHead, Spinner, Tag } from '../ui/parts'

const KIND: Readonly<Record<VersionState, 'ok' | 'info' | 'plain' | 'danger'>> = {
  approved: 'ok',
  testing: 'info',
  draft: 'plain',
  withdrawn: 'danger',
}

export default function ModelsPage() {
  const list = useLoad('models', api.models)
  useEffect(() => {
    if (list.data !== null) setModels(list.data.items)
  }, [list.data])
  return (
    <>
      <PageHead title={t('nav.models')} sub={t('models.sub')} />
      {list.error !== null && <Failure error={list.error} retry={list.reload} />}
      {list.data === null && list.error === null && <Spinner />}
      {list.data?.items.length === 0 && (
        <section class="panel">
          <Empty icon="model" title={t('models.none')}>
            {t('models.noneText')}
          </Empty>
        </section>
      )}
      <ul class="cards">
        {list.data?.items.map((m) => (
          <li key={m.id} class="panel card">
            <h2>{m.name}</h2>
            <p class="card-tags">
              {[m.organ, m.modality, t('models.dimension', { n: m.dimension })].filter((s) => s !== '').join(' · ')}
            </p>
            {m.description !== '' && <p class="panel-text">{m.description}</p>}
            {m.versions.length === 0 ? (
              <p class="hint">{t('models.noVersion')}</p>
            ) : (
              <table class="figures">
                <caption class="sr">{t('models.versionsOf', { name: m.name })}</caption>
                <thead>
                  <tr>
                    <th scope="col">{t('models.version')}</th>
                    <th scope="col">{t('models.state')}</th>
                    <th scope="col" class="numeric">
                      {t('models.threshold')}
                    </th>
                    <th scope="col" class="numeric">
                      {t('models.date')}
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {m.versions.map((v) => (
                    <tr key={v.id}>
                      <th scope="row">v{v.number}</th>
                      <td>
                        <Tag kind={KIND[v.state]}>{t(`version.state.${v.state}`)}</Tag>
                      </td>
                      <td class="numeric">{num(v.default_threshold, 2)}</td>
                      <td class="numeric">{day(v.created_at)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}
