#!/usr/bin/env node
// A small remote blob store for tests: PUT and GET of /blobs/<sha256> over TLS with certificates
// on both sides, which can be told to misbehave. Use: blobs.mjs DIR, with the files of tls.sh in
// DIR; blobs go to DIR/blobs, the port to DIR/port once it listens. A file DIR/fault "KIND N"
// spoils the next N requests: a status such as 503, `cut` (the body ends half-way), `wrong` (a
// byte differs), `drop` (the connection ends without an answer).
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'

const dir = process.argv[2]
mkdirSync(`${dir}/blobs`, { recursive: true })

/** The fault for this request, counted down; '' when there is none. */
function nextFault() {
  let text
  try {
    text = readFileSync(`${dir}/fault`, 'utf8')
  } catch {
    return ''
  }
  const [kind, left] = text.trim().split(' ')
  if (Number(left) > 1) writeFileSync(`${dir}/fault`, `${kind} ${Number(left) - 1}`)
  else rmSync(`${dir}/fault`)
  return kind
}

/** @param {import('node:http').ServerResponse} res */
function answer(res, status, body = '') {
  res.writeHead(status, { 'content-length': Buffer.byteLength(body) })
  res.end(body)
}

const server = createServer(
  {
    cert: readFileSync(`${dir}/server.pem`),
    key: readFileSync(`${dir}/server.key`),
    ca: readFileSync(`${dir}/ca.pem`),
    requestCert: true,
    rejectUnauthorized: true
  },
  (req, res) => {
    const name = /^\/blobs\/([0-9a-f]{64})$/.exec(req.url ?? '')?.[1]
    const fault = nextFault()
    const chunks = []
    if (name === undefined) return answer(res, 400)
    if (fault === 'drop') return req.socket.destroy()
    req.on('data', chunk => chunks.push(chunk))
    req.on('end', () => {
      if (/^\d+$/.test(fault)) return answer(res, Number(fault), 'no')
      const path = `${dir}/blobs/${name}`
      if (req.method === 'PUT') {
        const body = Buffer.concat(chunks)
        if (createHash('sha256').update(body).digest('hex') !== name) return answer(res, 422)
        writeFileSync(`${path}.new`, body)
        renameSync(`${path}.new`, path)
        return answer(res, 201)
      }
      let body
      try {
        body = readFileSync(path)
      } catch {
        return answer(res, 404)
      }
      if (fault === 'wrong') body[body.length >> 1] ^= 1
      res.writeHead(200, { 'content-length': body.length })
      if (fault !== 'cut') return res.end(body)
      res.write(body.subarray(0, body.length >> 1))
      setTimeout(() => req.socket.destroy(), 20)
    })
  }
)
server.listen(0, '127.0.0.1', () => {
  writeFileSync(`${dir}/port.new`, String(server.address().port))
  renameSync(`${dir}/port.new`, `${dir}/port`)
})
