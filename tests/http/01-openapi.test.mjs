#!/usr/bin/env node
// doc/openapi.json says what the route table says: every address, parameter, body and permission.
// And the table itself is complete: no row without a permission.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { source } from '../lib/stack.mjs'
import { equal, finish, ok, test } from '../lib/tap.mjs'
import { routeTable } from './world.mjs'

const table = routeTable()
const api = JSON.parse(readFileSync(join(source, 'doc/openapi.json'), 'utf8'))
const inTable = table.map(r => `${r.method} ${r.path}`).sort()

await test('the document is OpenAPI 3.1 and names the same addresses', () => {
  equal(api.openapi, '3.1.0')
  const inDocument = Object.entries(api.paths)
    .flatMap(([path, item]) => Object.keys(item).map(m => `${m.toUpperCase()} ${path}`))
    .sort()
  equal(inDocument, inTable)
})

await test('no address stands twice in the table', () => equal(new Set(inTable).size, inTable.length))

await test('every row says who may call it, and by which rule its object is found', () => {
  for (const r of table) {
    const name = `${r.method} ${r.path}`
    ok(r.roles.length > 0, `${name} has no roles`)
    ok(r.object !== 'unset', `${name} has no object rule`)
    equal(r.path.includes('{id}'), r.object !== 'none', `${name}: object rule`)
    if (!['GET', 'HEAD', 'OPTIONS'].includes(r.method) && !r.roles.includes('host')) {
      equal(r.csrf, !/login|register/.test(r.path), `${name}: csrf`)
      ok(r.audit !== '', `${name} changes something and has no audit action`)
    }
    if (/patient|stud|scan|segmentation/.test(r.path)) {
      equal(r.roles, ['doctor'], `${name}: only doctors see patients`)
      ok(r.audit !== '', `${name}: views of patients are events`)
    }
  }
})

/** The schema a parameter's row means. */
function schema(p) {
  switch (p.type) {
    case 'uuid':
    case 'date':
      return { type: 'string', format: p.type }
    case 'enum':
      return { type: 'string', enum: p.words.split('|') }
    case 'int':
      return { type: 'integer', minimum: p.lo, maximum: p.hi }
    case 'number':
      return { type: 'number', minimum: p.lo, maximum: p.hi, multipleOf: 0.001 }
    case 'secret':
      return { type: 'string', minLength: p.lo, maxLength: p.hi, format: 'password' }
    case 'text':
      return { type: 'string', minLength: p.lo, maxLength: p.hi }
    default:
      throw new Error(`no schema for ${p.type}`)
  }
}

for (const r of table) {
  await test(`${r.method} ${r.path} is described as it is`, () => {
    const op = api.paths[r.path]?.[r.method.toLowerCase()]
    ok(op, 'it is not in the document')
    equal(op['x-roles'], r.roles, 'roles')
    equal(op['x-object'], r.object, 'object rule')
    equal(op['x-audit'], r.audit, 'audit action')
    const params = op.parameters ?? []
    equal(
      params.filter(p => p.in === 'query').map(p => [p.name, p.schema]),
      r.args.map(a => [a.name, schema(a)]),
      'query parameters'
    )
    equal(
      params.filter(p => p.in === 'path').map(p => p.name),
      [...r.path.matchAll(/\{(\w+)\}/g)].map(m => m[1]),
      'path parameters'
    )
    equal(params.some(p => p.$ref === '#/components/parameters/Csrf'), r.csrf, 'csrf header')
    const body = op.requestBody?.content?.['application/json']?.schema
    if (r.body === null) return equal(body, undefined, 'body')
    equal(body.additionalProperties, false)
    equal(body.required, r.body.filter(f => f.required).map(f => f.name), 'required members')
    equal(
      Object.entries(body.properties),
      r.body.map(f => {
        const s = schema(f)
        if (f.required) return [f.name, s]
        return [f.name, { ...s, type: [s.type, 'null'], ...(s.enum ? { enum: [...s.enum, null] } : {}) }]
      }),
      'members'
    )
  })
}

await test('every reference in the document leads somewhere', () => {
  const walk = node => {
    if (node === null || typeof node !== 'object') return
    if (typeof node.$ref === 'string') {
      const at = node.$ref.slice(2).split('/').reduce((n, key) => n?.[key], api)
      ok(at, `${node.$ref} leads nowhere`)
    }
    for (const child of Object.values(node)) walk(child)
  }
  walk(api)
})

await finish()
