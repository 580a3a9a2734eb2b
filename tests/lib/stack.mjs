// A private Segward for one test program: started in a temporary folder by deploy/stack, stopped
// and removed at the end.
//
//   const stack = await startStack({ workers: 2, set: { session_idle_s: 30 } })
//   const web = new Client(stack)
//   await stack.people()                       // a department and one account of each role
//   stack.psql("select count(*) from sg.job")  // as superuser: '3'
//   await stack.kill('worker-1', 'SIGKILL'); await stack.start('worker-1')
//
// Needs root, as deploy/stack does. SG_BUILD names the build folder, SG_KEEP=1 keeps the folder.

import { execFile, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { atEnd, until } from './tap.mjs'

const run = promisify(execFile)
export const source = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
export const build = resolve(process.env.SG_BUILD ?? join(source, 'build'))
export const sharedData = resolve(process.env.SG_SHARED_DATA ?? join(source, '../shared/data'))

/** @param {string} program @param {string[]} args */
async function call(program, args, options = {}) {
  try {
    return (await run(program, args, { maxBuffer: 64 << 20, ...options })).stdout
  } catch (e) {
    const error = /** @type {any} */ (e)
    throw new Error(`${program} ${args.join(' ').slice(0, 200)}: ${String(error.stderr || error.message).trim()}`)
  }
}

export class Stack {
  /** @param {string} dir */
  constructor(dir) {
    this.dir = dir
    this.url = ''
    this.ca = ''
    this.stopped = false
  }

  /** Reads what a start may have changed. */
  refresh() {
    try {
      this.url = readFileSync(join(this.dir, 'url'), 'utf8').trim()
      this.ca = readFileSync(join(this.dir, 'tls/portal.crt'), 'utf8')
    } catch {
      // a stack without nginx has neither
    }
  }

  /** deploy/stack with this folder. @param {string} verb @param {...string} args */
  deploy(verb, ...args) {
    return call(join(source, 'deploy/stack'), [verb, this.dir, ...args])
  }

  /** Starts one process that was stopped or killed, or all. @param {string} [name] */
  async start(name) {
    await this.deploy('start', ...(name ? ['--only', name] : []))
    this.refresh()
  }

  /** Ends one process in order. @param {string} name @param {{ now?: boolean }} [options] */
  stopOne(name, { now = false } = {}) {
    return this.deploy('stop', '--only', name, ...(now ? ['--now'] : []))
  }

  /** Process id of postgres, redis, nginx, web or worker-N. @param {string} name */
  pid(name) {
    return Number(readFileSync(join(this.dir, 'pids', name), 'utf8').split(' ')[0])
  }

  /** Is the process there (and no zombie)? @param {string} name */
  alive(name) {
    try {
      return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${this.pid(name)}/status`, 'utf8'))
    } catch {
      return false
    }
  }

  /**
   * A signal, and for the deadly ones the wait for the end.
   * @param {string} name @param {NodeJS.Signals} [signal]
   */
  async kill(name, signal = 'SIGKILL') {
    process.kill(this.pid(name), signal)
    if (['SIGKILL', 'SIGTERM', 'SIGQUIT', 'SIGINT'].includes(signal)) await until(() => !this.alive(name), 70, `end of ${name}`)
  }

  /** Resident memory in bytes of a process and its children. @param {string} name */
  rss(name) {
    const leader = this.pid(name)
    let sum = 0
    for (const entry of readdirSync('/proc')) {
      if (!/^\d+$/.test(entry)) continue
      try {
        const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
        if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]) !== leader) continue
        sum += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1] ?? 0) * 1024
      } catch {
        // it has just ended
      }
    }
    return sum
  }

  /** Text of a log: web, worker-1, postgres, redis, nginx, access ... @param {string} name */
  log(name) {
    return readFileSync(join(this.dir, 'log', `${name}.log`), 'utf8')
  }

  /**
   * SQL as superuser; unaligned text, fields by '|', rows by newline. Values by :'name'.
   * @param {string} sql @param {Record<string, string | number>} [values]
   */
  psql(sql, values = {}, role = 'postgres') {
    const bin = this.#postgres()
    const port = /port=(\d+)/.exec(readFileSync(join(this.dir, 'segward.conf'), 'utf8'))?.[1] ?? '5432'
    const args = ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-h', join(this.dir, 'run/db'), '-p', port, '-U', role, '-d', 'segward']
    for (const [name, value] of Object.entries(values)) args.push('-v', `${name}=${value}`)
    return execFileSync(join(bin, 'psql'), args, { input: sql, maxBuffer: 64 << 20 }).toString().trim()
  }

  #postgres() {
    const versions = readdirSync('/usr/lib/postgresql').map(Number).filter(Boolean).sort((a, b) => b - a)
    return `/usr/lib/postgresql/${versions[0]}/bin`
  }

  /** segward-admin. @param {...string} args */
  admin(...args) {
    return call(join(this.dir, 'bin/segward-admin'), ['--config', join(this.dir, 'segward.conf'), ...args])
  }

  /** redis-cli, as the account with all rights. @param {...string} args */
  redis(...args) {
    const password = readFileSync(join(this.dir, 'secrets/redis-admin'), 'utf8').trim()
    return call('redis-cli', ['-s', join(this.dir, 'run/db/redis.sock'), '--user', 'admin', ...args], {
      env: { ...process.env, REDISCLI_AUTH: password }
    })
  }

  /** A department; harmless when it exists. @param {string} name */
  department(name) {
    return this.admin('department', 'add', name).catch(e => {
      if (!/exist|taken|refused/i.test(String(e))) throw e
    })
  }

  /**
   * An account that may log in, with a random password.
   * @param {string} login @param {'doctor' | 'researcher' | 'admin'} role @param {string} [department]
   */
  async account(login, role, department = 'Radiology') {
    const password = randomBytes(12).toString('base64url')
    const file = join(this.dir, 'secrets', `.new-${randomBytes(6).toString('hex')}`)
    writeFileSync(file, password + '\n', { mode: 0o400 })
    try {
      await this.admin('account', 'add', login, '--role', role, '--department', department, '--name', login, '--password-file', file)
    } finally {
      rmSync(file)
    }
    return { login, password, role }
  }

  /** What most tests begin with: a department and an account of each role. */
  async people(department = 'Radiology') {
    await this.department(department)
    return {
      doctor: await this.account('doctor', 'doctor', department),
      researcher: await this.account('researcher', 'researcher', department),
      admin: await this.account('admin', 'admin', department)
    }
  }

  async stop() {
    if (this.stopped) return
    this.stopped = true
    await this.deploy('stop', '--now')
    if (process.env.SG_KEEP) console.log(`# kept ${this.dir}`)
    else rmSync(this.dir, { recursive: true, force: true })
  }
}

/**
 * @param {{ services?: string[], workers?: number, set?: Record<string, string | number>,
 *           env?: Record<string, string>, loginRate?: number, remote?: string,
 *           migrate?: boolean, build?: string }} [options]
 */
export async function startStack({
  services,
  workers = 1,
  set = {},
  env = {},
  loginRate = 1000,
  remote,
  migrate = true,
  build: from = build
} = {}) {
  const stack = new Stack(mkdtempSync(join(tmpdir(), 'segward-')))
  atEnd(() => stack.stop())
  const args = ['--build', from, '--workers', String(workers), '--login-rate', String(loginRate)]
  if (services) args.push('--services', services.join(','))
  if (remote) args.push('--remote', remote)
  if (!migrate) args.push('--no-migrate')
  for (const [key, value] of Object.entries(set)) args.push('--set', `${key}=${value}`)
  for (const [key, value] of Object.entries(env)) args.push('--env', `${key}=${value}`)
  try {
    await stack.deploy('start', ...args)
  } catch (e) {
    for (const name of ['web', 'worker-1', 'migrate', 'roles', 'nginx'])
      try {
        const tail = stack.log(name).trim().split('\n').slice(-5).join('\n# ')
        if (tail) console.log(`# ${name}.log: ${tail}`)
      } catch {
        // that one wrote nothing
      }
    throw e
  }
  stack.refresh()
  return stack
}
