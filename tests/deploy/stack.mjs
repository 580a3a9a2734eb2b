import { execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client, expect } from '../lib/http.mjs'
import { source, startStack } from '../lib/stack.mjs'
import { atEnd, equal, finish, ok, test, throws } from '../lib/tap.mjs'

const run = promisify(execFile)
const all = ['postgres', 'redis', 'nginx', 'web']
const [one, two] = await Promise.all([
  startStack({ services: all }),
  startStack({ services: all, remote: '127.0.0.1' })
])

/** Output and status of a command, whatever it is. @param {string[]} command */
const attempt = (...command) =>
  run(command[0], command.slice(1)).then(
    r => ({ status: 0, text: r.stdout + r.stderr }),
    e => ({ status: e.code ?? 1, text: `${e.stdout}${e.stderr}` })
  )
const as = (account, group, ...command) =>
  attempt('setpriv', `--reuid=${account}`, `--regid=${group}`, '--clear-groups', '--', ...command)
const psql = join('/usr/lib/postgresql', readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a))[0], 'bin/psql')
const connect = (stack, role) => [psql, '-XAt', '-h', join(stack.dir, 'run/db'), '-p', port(stack), '-U', role, '-d', 'segward', '-c', 'select current_user']
const port = stack => /port=(\d+)/.exec(readFileSync(join(stack.dir, 'segward.conf'), 'utf8'))[1]

await test('two stacks run side by side, each with its own database', async () => {
  ok(one.url !== two.url)
  one.psql("insert into sg.department (name) values ('Only here')")
  equal(two.psql("select count(*) from sg.department where name = 'Only here'"), '0')
  for (const stack of [one, two]) expect(await new Client(stack).get('/healthz'), 200)
})

await test('a second start changes nothing', async () => {
  const before = all.map(name => one.pid(name))
  const url = one.url
  await one.start()
  equal(all.map(name => one.pid(name)), before)
  equal(one.url, url)
  equal(one.psql("select count(*) from sg.department where name = 'Only here'"), '1')
})

await test('after a stop, data, address and secrets are kept', async () => {
  const url = one.url
  const secret = readFileSync(join(one.dir, 'secrets/redis-web'), 'utf8')
  await one.deploy('stop')
  equal(readdirSync(join(one.dir, 'pids')), [])
  await one.start()
  equal(one.url, url)
  equal(readFileSync(join(one.dir, 'secrets/redis-web'), 'utf8'), secret)
  equal(one.psql("select count(*) from sg.department where name = 'Only here'"), '1')
})

await test('a killed process is missed by status and started again', async () => {
  await one.kill('redis')
  const status = await attempt(join(source, 'deploy/stack'), 'status', one.dir)
  equal(status.status, 1)
  ok(/^redis does not run$/m.test(status.text), status.text)
  await one.start()
  equal(await one.redis('ping'), 'PONG\n')
})

await test('a stop never touches a process that only has an old id', async () => {
  const sleeper = spawn('sleep', ['60'], { stdio: 'ignore' })
  atEnd(() => sleeper.kill())
  writeFileSync(join(one.dir, 'pids/worker-9'), `${sleeper.pid} 1\n`)
  await one.deploy('stop', '--only', 'worker-9')
  ok(existsSync(`/proc/${sleeper.pid}`) && sleeper.exitCode === null && sleeper.signalCode === null)
  ok(!existsSync(join(one.dir, 'pids/worker-9')))
})

await test('a folder that is no stack is left alone', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'segward-not-'))
  atEnd(() => rmSync(dir, { recursive: true }))
  writeFileSync(join(dir, 'precious'), '')
  for (const verb of ['start', 'stop', 'status']) equal((await attempt(join(source, 'deploy/stack'), verb, dir)).status, 1)
  equal(readdirSync(dir), ['precious'])
})

await test('wrong usage ends with status 2, --help with 0', async () => {
  const program = join(source, 'deploy/stack')
  for (const args of [[], ['dance', '/tmp/x'], ['start']]) equal((await attempt(program, ...args)).status, 2)
  equal((await attempt(program, '--help')).status, 0)
  for (const other of ['up', 'check']) equal((await attempt(join(source, 'deploy', other), '--help')).status, 0)
})

await test('a failed start leaves no process', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'segward-fails-'))
  atEnd(() => rmSync(dir, { recursive: true }))
  const started = await attempt(join(source, 'deploy/stack'), 'start', dir, '--build', join(dir, 'nothing'))
  equal(started.status, 1)
  ok(/segward-admin is not built/.test(started.text), started.text)
  equal(readdirSync(join(dir, 'pids')), [])
})

await test('a folder with a very long path works, its sockets elsewhere', async () => {
  const dir = join(mkdtempSync(join(tmpdir(), 'segward-deep-')), 'a'.repeat(60), 'b'.repeat(60))
  atEnd(() => rmSync(join(dir, '../..'), { recursive: true }))
  mkdirSync(dir, { recursive: true })
  execFileSync('chmod', ['0755', join(dir, '../..')])
  const program = join(source, 'deploy/stack')
  atEnd(() => attempt(program, 'stop', dir, '--now'))
  const started = await attempt(program, 'start', dir, '--services', 'postgres,redis', '--no-migrate')
  equal(started.status, 0, started.text)
  const run = execFileSync('readlink', ['-f', join(dir, 'run')]).toString().trim()
  equal((await attempt(program, 'stop', dir, '--now')).status, 0)
  ok(!existsSync(run), 'the folder in /run is gone')
})

await test('each account may be its own role and no other', async () => {
  const may = async (account, group, role) => (await as(account, group, ...connect(one, role))).text.trim() === role
  equal(await may('segward-web', 'segward', 'sg_api'), true)
  equal(await may('segward-worker', 'segward', 'sg_worker'), true)
  for (const [account, role] of [
    ['segward-web', 'sg_worker'], ['segward-web', 'sg_owner'], ['segward-web', 'postgres'], ['segward-web', 'sg_migrate'],
    ['segward-worker', 'sg_api'], ['segward-worker', 'postgres'], ['segward-worker', 'sg_backup']
  ]) equal(await may(account, 'segward', role), false, `${account} as ${role}`)
})

await test('another Unix account reaches no socket, no secret, no blob', async () => {
  const refused = async (...command) => {
    const r = await as('nobody', 'nogroup', ...command)
    ok(r.status !== 0 && /denied|could not connect|No such file/i.test(r.text), `${command.join(' ')}: ${r.text}`)
  }
  await refused(...connect(one, 'sg_api'))
  await refused('redis-cli', '-e', '-s', join(one.dir, 'run/db/redis.sock'), 'ping')
  for (const path of ['store', 'uploads', 'body', 'pg', 'redis', 'log', 'run/db', 'run/web']) await refused('ls', join(one.dir, path))
  for (const path of ['segward.conf', 'conf/web.conf', 'secrets/redis-web', 'secrets/redis-admin', 'tls/portal.key'])
    await refused('cat', join(one.dir, path))
  for (const path of ['store', 'uploads', 'tls/portal.key']) {
    const r = await as('segward-db', 'segward-db', 'ls', '-l', join(one.dir, path, path.includes('key') ? '' : '.'))
    ok(r.status !== 0 || path.includes('key'), `segward-db: ${path}`)
  }
  equal(statSync(join(one.dir, 'tls/portal.key')).mode & 0o777, 0o600)
})

await test('Redis: web and worker see only their keys and no dangerous command', async () => {
  const redis = (account, ...args) =>
    run('redis-cli', ['-s', join(one.dir, 'run/db/redis.sock'), '--user', account, ...args], {
      env: { ...process.env, REDISCLI_AUTH: readFileSync(join(one.dir, `secrets/redis-${account}`), 'utf8').trim() }
    }).then(r => r.stdout)
  for (const account of ['web', 'worker']) {
    equal(await redis(account, 'set', 'sg:x', '1'), 'OK\n')
    for (const command of [['get', 'other'], ['flushall'], ['config', 'get', '*'], ['keys', '*'], ['eval', 'return 1', '0'], ['acl', 'list']])
      ok(/NOPERM/.test(await redis(account, ...command)), `${account}: ${command}`)
  }
  const nobody = await attempt('redis-cli', '-s', join(one.dir, 'run/db/redis.sock'), 'get', 'sg:x')
  ok(/NOAUTH|NOPERM/.test(nobody.text), nobody.text)
})

await test('only https and its redirect listen on TCP', () => {
  const listening = execFileSync('sh', ['-c', 'cat /proc/net/tcp /proc/net/tcp6']).toString().split('\n')
    .filter(l => / 0A /.test(l)).map(l => l.trim().split(/\s+/))
  const mine = new Set()
  for (const name of all)
    for (const pid of [one.pid(name), ...execFileSync('sh', ['-c', `cat /proc/${one.pid(name)}/task/*/children`]).toString().split(' ').filter(Boolean).map(Number)])
      for (const fd of execFileSync('sh', ['-c', `ls -l /proc/${pid}/fd 2>/dev/null || true`]).toString().matchAll(/socket:\[(\d+)\]/g)) mine.add(fd[1])
  const ports = listening.filter(l => mine.has(l[9])).map(l => parseInt(l[1].split(':')[1], 16))
  const conf = readFileSync(join(one.dir, 'stack.conf'), 'utf8')
  equal([...new Set(ports)].sort(), [Number(/ PORT="(\d+)"/.exec(conf)[1]), Number(/ HTTP_PORT="(\d+)"/.exec(conf)[1])].sort())
})

await test('a worker elsewhere: PostgreSQL, Redis and blobs by certificate only', async () => {
  const dir = join(two.dir, 'far')
  await two.deploy('remote-worker', 'far', dir)
  const conf = Object.fromEntries(readFileSync(join(dir, 'worker.conf'), 'utf8').split('\n').filter(l => / = /.test(l)).map(l => [l.slice(0, l.indexOf(' = ')), l.slice(l.indexOf(' = ') + 3)]))
  const who = async info => attempt(psql, '-XAt', '-d', info, '-c', 'select current_user')
  equal((await who(conf.db)).text.trim(), 'sg_worker')
  for (const role of ['sg_api', 'sg_migrate', 'postgres']) ok((await who(conf.db.replace('user=sg_worker', `user=${role}`))).status !== 0, role)
  ok((await who(conf.db.replace(/sslcert=\S+ sslkey=\S+/, 'sslcert=/none sslkey=/none'))).status !== 0, 'without certificate')
  ok((await who(conf.db.replace('verify-full', 'disable'))).status !== 0, 'without TLS')

  const [, host, redisPort] = /tls:\/\/(.*):(\d+)$/.exec(conf.redis)
  const certificate = ['--cert', conf.tls_cert, '--key', conf.tls_key]
  const password = readFileSync(conf.redis_password_file, 'utf8').trim()
  const redis = (...args) => attempt('env', `REDISCLI_AUTH=${password}`, 'redis-cli', '-e', '-h', host, '-p', redisPort, ...args, 'ping')
  equal((await redis('--tls', '--cacert', conf.tls_ca, ...certificate, '--user', 'worker')).text.trim(), 'PONG')
  ok((await redis('--tls', '--cacert', conf.tls_ca, '--user', 'worker')).status !== 0, 'Redis without certificate')
  ok((await redis('--user', 'worker')).status !== 0, 'Redis without TLS')

  const sha = execFileSync('sha256sum', [conf.tls_ca]).toString().slice(0, 64)
  const curl = async (...args) => (await attempt('curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', '--cacert', conf.tls_ca, ...args)).text
  equal(await curl(...certificate, '-T', conf.tls_ca, `${conf.store_url}/${sha}`), '204')
  equal(await curl(...certificate, `${conf.store_url}/${sha}`), '200')
  equal(await curl(...certificate, '-T', conf.tls_ca, `${conf.store_url}/${'0'.repeat(64)}`), '400')
  equal(await curl(`${conf.store_url}/${sha}`), '400')
  equal(await curl(...certificate, `${new URL(conf.store_url).origin}/api/models`), '404')
  expect(await new Client(two).get(`/internal/blobs/${sha}`), 404, 'not_found')
})

await finish()
