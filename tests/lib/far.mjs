// Another host for a test: a network namespace with its own addresses, in which a worker runs that
// shares nothing with the portal but what TLS lets through.
//
//   const far = await farHost()                     // skips the test where namespaces are missing
//   const stack = await startStack({ remote: far.address })
//   const worker = await far.worker(stack, 'far1')  // { pid, log(), kill(signal) }
//   await far.cut(); await far.mend()               // partition: packets get lost, nothing is refused

import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { atEnd, skip, until } from './tap.mjs'

const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] })

export function farHost() {
  const name = `sg${randomBytes(3).toString('hex')}`
  const [a, b] = randomBytes(2)
  const net = `10.${a}.${b}`
  try {
    ip('netns', 'add', name)
  } catch {
    skip('no network namespaces here')
  }
  atEnd(() => ip('netns', 'delete', name))
  ip('link', 'add', `${name}a`, 'type', 'veth', 'peer', 'name', `${name}b`, 'netns', name)
  ip('address', 'add', `${net}.1/24`, 'dev', `${name}a`)
  ip('link', 'set', `${name}a`, 'up')
  ip('-n', name, 'address', 'add', `${net}.2/24`, 'dev', `${name}b`)
  ip('-n', name, 'link', 'set', `${name}b`, 'up')
  ip('-n', name, 'link', 'set', 'lo', 'up')
  return {
    name,
    /** Of this host, as the far one sees it: for --remote. */
    address: `${net}.1`,
    /** Packets vanish both ways. */
    cut: () => ip('-n', name, 'route', 'replace', 'blackhole', `${net}.1/32`),
    mend: () => ip('-n', name, 'route', 'delete', 'blackhole', `${net}.1/32`),
    /** @param {import('./stack.mjs').Stack} stack @param {string} id */
    async worker(stack, id) {
      const dir = join(stack.dir, `far-${id}`)
      await stack.deploy('remote-worker', id, dir)
      const logFile = join(stack.dir, 'log', `far-${id}.log`)
      const log = openSync(logFile, 'a')
      // No way to the portal's sockets and files but the network: those folders are hidden.
      const child = spawn(
        'ip',
        ['netns', 'exec', name, 'sh', '-c',
          `mount -t tmpfs none '${stack.dir}/run' && mount -t tmpfs none '${stack.dir}/store' &&
           exec setpriv --reuid=segward-worker --regid=segward --clear-groups --inh-caps=-all --no-new-privs -- \
           '${stack.dir}/bin/segward-worker' --config '${dir}/worker.conf'`],
        { stdio: ['ignore', log, log], cwd: '/' }
      )
      closeSync(log)
      const ended = new Promise(done => child.once('exit', done))
      const end = async signal => {
        if (child.exitCode === null && child.signalCode === null) child.kill(signal)
        await ended
      }
      atEnd(() => end('SIGKILL'))
      await until(() => child.exitCode !== null || /worker/.test(readFileSync(logFile, 'utf8')), 10, 'start of the far worker')
      if (child.exitCode !== null) throw new Error(`the far worker ended: ${readFileSync(logFile, 'utf8').slice(-500)}`)
      return { pid: child.pid, dir, log: () => readFileSync(logFile, 'utf8'), kill: end }
    }
  }
}
