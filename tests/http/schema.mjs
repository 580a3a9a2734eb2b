// Does an answer have the shape that doc/openapi.json promises? The part of JSON Schema used there.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { source } from '../lib/stack.mjs'

const api = JSON.parse(readFileSync(join(source, 'doc/openapi.json'), 'utf8'))

const typeOf = v =>
  v === null ? 'null' : Array.isArray(v) ? 'array' : Number.isInteger(v) ? 'integer' : typeof v

/** @param {any} schema @param {any} value @param {string} at @returns {string} what is wrong, or '' */
export function misfit(schema, value, at = 'answer') {
  if (schema.$ref) return misfit(schema.$ref.slice(2).split('/').reduce((n, key) => n[key], api), value, at)
  if (schema.anyOf) {
    const all = schema.anyOf.map(s => misfit(s, value, at))
    return all.includes('') ? '' : all[0]
  }
  if (schema.type) {
    const type = typeOf(value)
    const types = [].concat(schema.type)
    if (!types.includes(type) && !(type === 'integer' && types.includes('number'))) return `${at} is ${type}, not ${types}`
  }
  if ('const' in schema && value !== schema.const) return `${at} is not ${schema.const}`
  if (schema.enum && !schema.enum.includes(value)) return `${at} is ${value}, not one of ${schema.enum}`
  if (typeof value === 'string') {
    if (schema.format === 'uuid' && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)) return `${at} is no UUID`
    if (schema.format === 'date' && !/^\d{4}-\d\d-\d\d$/.test(value)) return `${at} is no date`
    if (schema.format === 'date-time' && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) return `${at} is no UTC time`
  }
  if (Array.isArray(value)) {
    if (schema.minItems > value.length || schema.maxItems < value.length) return `${at} has ${value.length} items`
    return value.map((v, i) => misfit(schema.items ?? {}, v, `${at}[${i}]`)).find(Boolean) ?? ''
  }
  if (value === null || typeof value !== 'object' || !schema.properties) return ''
  for (const name of schema.required ?? []) if (!(name in value)) return `${at} lacks ${name}`
  for (const [name, v] of Object.entries(value)) {
    const inner = schema.properties[name]
    if (!inner && schema.additionalProperties === false) return `${at} has ${name}, which is not described`
    const wrong = inner ? misfit(inner, v, `${at}.${name}`) : ''
    if (wrong) return wrong
  }
  return ''
}

/**
 * What is wrong with an answer to a route, or ''.
 * @param {{ method: string, path: string }} route @param {import('../lib/http.mjs').Answer} answer
 */
export function misanswer(route, answer) {
  const op = api.paths[route.path][route.method.toLowerCase()]
  const response = op.responses[String(answer.status)]
  if (!response) return `status ${answer.status} is not described`
  const type = String(answer.headers['content-type'] ?? '').split(';')[0]
  if (!response.content) return answer.body.length === 0 ? '' : 'a body is not described'
  const content = response.content[type]
  if (!content) return route.method === 'HEAD' || type === 'image/png' ? '' : `type ${type} is not described`
  return /json/.test(type) ? misfit(content.schema, answer.json) : ''
}
