import { test } from 'node:test'
import assert from 'node:assert/strict'
import { en } from './en'
import { ru } from './ru'
import { zhCN } from './zh-CN'
import { ago, area, bytes, change, day, list, milliseconds, moment, num, percent, span, threshold } from './format'
import { setTongue } from './i18n'

const plain = (s: string): string => s.replace(/[\u00a0\u202f]/g, ' ')

test('format: English', () => {
  setTongue('en', en)
  assert.equal(num(12345.678), '12,345.68')
  assert.equal(threshold(500), '0.50')
  assert.equal(threshold(505), '0.505')
  assert.equal(percent(0.456), '46%')
  assert.equal(change(0.032), '+3.2%')
  assert.equal(change(0), '0.0%')
  assert.equal(area(1675.31), '1,675 mm²')
  assert.equal(area(12.345), '12.3 mm²')
  assert.equal(bytes(999), '999 B')
  assert.equal(bytes(8388608), '8.4 MB')
  assert.equal(milliseconds(212.4), '212 ms')
  assert.equal(milliseconds(3400), '3.4 s')
  assert.equal(day('2026-05-12'), '12 May 2026')
  assert.equal(list(['a', 'b', 'c']), 'a, b, and c')
})

test('format: Russian', () => {
  setTongue('ru', ru)
  assert.equal(plain(num(12345.678)), '12 345,68')
  assert.equal(threshold(505), '0,505')
  assert.equal(plain(day('2026-05-12')), '12 мая 2026 г.')
  assert.equal(plain(span(21)), '21 секунда')
})

test('format: Chinese', () => {
  setTongue('zh-CN', zhCN)
  assert.equal(day('2026-05-12'), '2026年5月12日')
  assert.equal(span(0.2), '不到 1 秒')
})

test('format: spans grow coarser', () => {
  setTongue('en', en)
  assert.equal(span(0.4), 'less than a second')
  assert.equal(span(1), '1 second')
  assert.equal(span(89), '89 seconds')
  assert.equal(span(600), '10 minutes')
  assert.equal(span(7200), '2 hours')
})

test('format: how long ago', () => {
  setTongue('en', en)
  const now = Date.parse('2026-05-12T12:00:00Z')
  assert.equal(ago('2026-05-12T11:59:40Z', now), 'just now')
  assert.equal(ago('2026-05-12T11:55:00Z', now), '5 minutes ago')
  assert.equal(ago('2026-05-11T11:00:00Z', now), 'yesterday')
})

test('format: what is missing or broken shows as a dash', () => {
  setTongue('en', en)
  assert.equal(day(null), '–')
  assert.equal(day('soon'), '–')
  assert.equal(moment('soon'), '–')
  assert.equal(ago('soon'), '–')
})
