// Admin: the SQL reports, as a table and as CSV.
import { useState } from 'preact/hooks'
import type { Cell, ReportInfo } from '../api/types'
import * as api from '../api/calls'
import { moment, num } from '../i18n/format'
import { t, tMaybe } from '../i18n/i18n'
import { useLoad } from '../ui/hooks'
import { ButtonLink, Empty, Failure, Field, PageHead, Spinner } from '../ui/parts'

function isoDay(d: Date): string {
  return d.toISOString().slice(0, 10)
}

/** People mean the last day with all its hours; the server's bound is the first moment left out. */
function dayAfter(iso: string): string {
  const d = new Date(`${iso}T00:00:00Z`)
  return Number.isNaN(d.getTime()) ? iso : isoDay(new Date(d.getTime() + 86400e3))
}

export function cellText(c: Cell): string {
  if (c === null) return '–'
  if (typeof c === 'number') return num(c)
  if (typeof c === 'boolean') return c ? t('report.yes') : t('report.no')
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(c)) return moment(c)
  return c
}

const title = (r: ReportInfo) => tMaybe(`report.title.${r.name}`) ?? r.title

function Table(p: { report: ReportInfo; from: string; to: string }) {
  const got = useLoad(`${p.report.name} ${p.from} ${p.to}`, (signal) => 
    api.report(p.report.name, p.from, dayAfter(p.to), signal),
  )
  if (got.data === null) return got.error === null ? <Spinner /> : <Failure error={got.error} retry={got.reload} />
  const { columns, rows } = got.data
  if (rows.length === 0)
    return (
      <Empty icon="report" title={t('report.none')}>
        {t('report.noneText')}
      </Empty>
    )
  const numeric = columns.map((_, i) => rows.every((r) => r[i] === null || typeof r[i] === 'number'))
  return (
    <div class="wide" tabIndex={0} role="region" aria-label={title(p.report)}>
      <table class="figures report">
        <thead>
          <tr>
            {columns.map((c, i) => (
              <th key={c} scope="col" class={numeric[i] === true ? 'numeric' : ''}>
                {tMaybe(`column.${c}`) ?? c.replaceAll('_', ' ')}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((r, n) => (
            <tr key={n}>
              {columns.map((c, i) => (
                <td key={c} class={numeric[i] === true ? 'numeric' : ''}>
                  {cellText(r[i] ?? null)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

export default function ReportsPage() {
  const list = useLoad('reports', api.reports)
  const [name, setName] = useState('')
  const [from, setFrom] = useState(() => isoDay(new Date(Date.now() - 30 * 86400e3)))
  const [to, setTo] = useState(() => isoDay(new Date()))
  const items = list.data?.items ?? []
  const report = items.find((r) => r.name === name) ?? items[0]
  return (
    <>
      <PageHead title={t('nav.reports')} />
      {list.error !== null && <Failure error={list.error} retry={list.reload} />}
      {list.data === null && list.error === null && <Spinner />}
      {report !== undefined && (
        <section class="panel">
          <div class="report-bar">
            <Field label={t('report.one')}>
              {(a) => (
                <select {...a} value={report.name} onChange={(e) => setName(e.currentTarget.value)}>
                  {items.map((r) => (
                    <option key={r.name} value={r.name}>
                      {title(r)}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <Field label={t('report.from')}>
              {(a) => <input {...a} type="date" max={to} value={from} onInput={(e) => setFrom(e.currentTarget.value)} />}
            </Field>
            <Field label={t('report.to')}>
              {(a) => <input {...a} type="date" min={from} value={to} onInput={(e) => setTo(e.currentTarget.value)} />}
            </Field>
            <ButtonLink icon="download" href={api.reportCsvUrl(report.name, from, dayAfter(to))} download={`${report.name}.csv`}>
              CSV
            </ButtonLink>
          </div>
          <p class="panel-text">{tMaybe(`report.note.${report.name}`) ?? report.note}</p>
          <Table report={report} from={from} to={to} />
        </section>
      )}
    </>
  )
}
