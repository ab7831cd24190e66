/** A throw-away nginx, on a free port of this machine, with the servers that a test gives. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort } from './free-port.ts'

const PROGRAM = '/usr/sbin/nginx'

export const hasNginx = (): boolean => existsSync(PROGRAM)

export interface Nginx {
  readonly port: number
  stop(): void
}

/** `serversAt` gets the port to listen on. Resolves when it listens. */
export async function startNginx(serversAt: (port: number) => string): Promise<Nginx> {
  const folder = mkdtempSync('/tmp/posthorn-nginx-')
  const port = await freePort()
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${folder}/${one};`)
  const settings = `
    daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
    events {}
    http { access_log off; ${paths.join(' ')} ${serversAt(port)} }`
  writeFileSync(join(folder, 'nginx.conf'), settings)
  const process = spawn(PROGRAM, ['-c', join(folder, 'nginx.conf'), '-p', folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const stop = () => {
    process.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  await listening(process, port)
  return { port, stop }
}

/** Rejects when it ends before. */
async function listening(process: ChildProcess, port: number): Promise<void> {
  for (;;) {
    if (process.exitCode !== null) throw new Error(`nginx ended with ${process.exitCode}`)
    if (await takes(port)) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function takes(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const end = (isThere: boolean) => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })
}
