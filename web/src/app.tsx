// Which page stands at which address, and who may open it.
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import type { Role } from './api/types'
import { ApiError } from './api/client'
import { location, matchPath, navigate, safeNext } from './router'
import { account, resume } from './session'
import { useLoad } from './ui/hooks'
import { lazy } from './ui/lazy'
import { Failure, PageFailure, Spinner } from './ui/parts'
import { Notices, Shell } from './ui/shell'
import HomePage from './pages/home'
import LoginPage from './pages/login'

type Props = { id: string }

interface Route {
  path: string
  page: ComponentType<Props>
  roles: readonly Role[]
}

const ALL: readonly Role[] = ['doctor', 'researcher', 'admin']
const RegisterPage = lazy('register', () => import('./pages/register'))

const ROUTES: readonly Route[] = [
  { path: '/', page: HomePage, roles: ALL },
  { path: '/me', page: lazy('me', () => import('./pages/me')), roles: ALL },
  { path: '/models', page: lazy('models', () => import('./pages/models')), roles: ALL },
  { path: '/patients', page: lazy('patients', () => import('./pages/patients')), roles: ['doctor'] },
  { path: '/patients/:id', page: lazy('patient', () => import('./pages/patient')), roles: ['doctor'] },
  { path: '/studies/new', page: lazy('newstudy', () => import('./pages/newstudy')), roles: ['doctor'] },
  { path: '/studies/:id', page: lazy('study', () => import('./pages/study')), roles: ['doctor'] },
  {
    path: '/scans/:id',
    page: lazy('scan', async () => ({ default: (await import('./pages/study')).ScanRedirect })),
    roles: ['doctor'],
  },
  { path: '/segmentations/:id', page: lazy('result', () => import('./pages/result')), roles: ['doctor'] },
  { path: '/accounts', page: lazy('accounts', () => import('./pages/accounts')), roles: ['admin'] },
  { path: '/reports', page: lazy('reports', () => import('./pages/reports')), roles: ['admin'] },
]

const NOWHERE = new ApiError(404, 'not_found', '')

function Inside() {
  const at = location.value
  const role = account.value?.role
  for (const r of ROUTES) {
    const params = matchPath(r.path, at)
    // a page of another role looks like a page that is not there
    if (params !== null && role !== undefined && r.roles.includes(role)) {
      const Page = r.page
      const id = params['id'] ?? ''
      return <Page key={`${r.path} ${id}`} id={id} />
    }
  }
  return <PageFailure error={NOWHERE} retry={() => undefined} />
}

/** To log-in, remembering where the person wanted to go. */
function ToLogin() {
  useEffect(() => {
    const next = safeNext(location.value)
    navigate(next === '/' ? '/login' : `/login?next=${encodeURIComponent(next)}`, { replace: true })
  }, [])
  return null
}

function Door() {
  const path = location.value.split('?')[0]
  if (path === '/login') return <LoginPage />
  if (path === '/register') return <RegisterPage />
  return <ToLogin />
}

function LoggedIn() {
  const path = location.value.split('?')[0]
  useEffect(() => {
    if (path === '/login' || path === '/register') navigate('/', { replace: true })
  }, [path])
  return (
    <Shell>
      <Inside />
    </Shell>
  )
}

export function App() {
  const start = useLoad('start', async (signal) => {
    await resume(signal)
    return true
  })
  const who = account.value
  if (who === undefined) {
    const e = start.error
    return (
      <main class="start">
        {e === null ? <Spinner /> : <Failure error={e instanceof ApiError ? e : null} retry={start.reload} />}
      </main>
    )
  }
  return (
    <>
      {who === null ? <Door /> : <LoggedIn />}
      <Notices />
    </>
  )
}
