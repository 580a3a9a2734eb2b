// Every language says everything, with the same places and its own plural forms.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { en } from './en'
import { ru } from './ru'
import { zhCN } from './zh-CN'
import type { AnyMessages } from './types'
import { fill, setTongue, t, tMaybe } from './i18n'

const all: readonly [string, AnyMessages, readonly string[]][] = [
  ['en', en, ['one', 'other']],
  ['zh-CN', zhCN, ['other']],
  ['ru', ru, ['few', 'many', 'one']],
]

const places = (s: string): string => [...new Set(s.match(/\{\w+\}/g) ?? [])].sort().join(' ')
const texts = (m: string | object): string[] => (typeof m === 'string' ? [m] : Object.values(m).map(String))

for (const [name, messages, forms] of all) {
  test(`i18n: ${name} has exactly the keys of English`, () => {
    assert.deepEqual(Object.keys(messages).sort(), Object.keys(en).sort())
  })

  test(`i18n: ${name} leaves no message empty and no place out`, () => {
    const source: AnyMessages = en
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      const m = messages[key]
      if (typeof m !== 'string') assert.deepEqual(Object.keys(m).sort(), forms, key)
      const want = places(texts(source[key]).at(-1) ?? '')
      for (const s of texts(m)) {
        assert.notEqual(s.trim(), '', key)
        assert.equal(places(s), want, key)
      }
    }
  })
}

test('i18n: other languages are translated, not copied', () => {
  const same = (m: AnyMessages) =>
    (Object.keys(en) as (keyof typeof en)[]).filter((k) => {
      const a = en[k]
      return typeof a === 'string' && a === m[k] && /[a-z]{4}/.test(a.replace(/\{\w+\}/g, ''))
    })
  const may = ['precision.tf32', 'precision.bf16']
  assert.deepEqual(same(ru), may)
  assert.deepEqual(same(zhCN), [])
})

test('i18n: Russian plural forms', () => {
  setTongue('ru', ru)
  assert.equal(t('study.scans', { n: 1 }), '1 снимок')
  assert.equal(t('study.scans', { n: 3 }), '3 снимка')
  assert.equal(t('study.scans', { n: 11 }), '11 снимков')
  assert.equal(t('study.scans', { n: 21 }), '21 снимок')
  assert.equal(t('study.scans', { n: 0 }), '0 снимков')
})

test('i18n: English and Chinese plural forms', () => {
  setTongue('en', en)
  assert.equal(t('study.scans', { n: 1 }), '1 image')
  assert.equal(t('study.scans', { n: 1200 }), '1,200 images')
  setTongue('zh-CN', zhCN)
  assert.equal(t('study.scans', { n: 1 }), '1 幅图像')
})

test('i18n: a value is put in as it is, places within it are not filled again', () => {
  assert.equal(fill('{a} and {b}', { a: '{b}', b: '<i>$&' }, 'en'), '{b} and <i>$&')
})

test('i18n: an unknown key is no message', () => {
  setTongue('en', en)
  assert.equal(tMaybe('error.never_heard_of'), null)
  assert.equal(tMaybe('constructor'), null)
})
