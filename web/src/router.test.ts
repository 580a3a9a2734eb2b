import { test } from 'node:test'
import assert from 'node:assert/strict'

// the module reads the address when it is loaded
Object.defineProperty(globalThis, 'window', { value: { location: { pathname: '/', search: '' } } })
const { matchPath, safeNext } = await import('./router')

test('router: patterns give their parts', () => {
  assert.deepEqual(matchPath('/studies/:id', '/studies/a%20b?x=1'), { id: 'a b' })
  assert.deepEqual(matchPath('/', '/'), {})
  assert.equal(matchPath('/studies/:id', '/studies'), null)
  assert.equal(matchPath('/studies/:id', '/studies/%zz'), null)
})

test('router: after log-in only paths of this site are followed', () => {
  assert.equal(safeNext('/studies/1?a=b'), '/studies/1?a=b')
  for (const bad of [null, '', 'https://evil', '//evil', '/\\evil', 'javascript:alert(1)', '/login?next=/x'])
    assert.equal(safeNext(bad), '/')
})
