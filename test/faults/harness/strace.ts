/** System calls of a running process that fail, wait or kill, for as long as a test wants. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { later } from './cleanup.ts'
import { newFolder } from './site.ts'

export interface Injection {
  /** Calls to tamper with, in strace's words: `fsync,fdatasync`. */
  readonly calls: string
  /** What happens, in strace's words: `error=EIO`, `delay_enter=10000` (µs), `signal=KILL`; empty: they are only noted. */
  readonly fault: string
  /** Which of them, counted for each thread from now on, in strace's words: `3`, `5+`. Default all. */
  readonly when?: string
  /** Only calls on these files. */
  readonly files: readonly string[]
}

export interface Tampering {
  /** Calls seen, one a line; those that were tampered with say `(INJECTED)` or `(DELAYED)`. */
  log(): string[]
  /** Ends it; the process goes on as usual. Takes as long as a call that is being delayed. */
  stop(): Promise<void>
  /** Ends it at once; the log may lack its last lines. */
  cut(): Promise<void>
}

/** Resolves when the injection is in place. Ends with the process, or with the test. */
export async function tamper(pid: number, { calls, fault, when, files }: Injection): Promise<Tampering> {
  const output = join(newFolder(), 'strace')
  const inject = fault === '' ? [] : ['-e', `inject=${calls}:${fault}${when === undefined ? '' : `:when=${when}`}`]
  const paths = files.flatMap((file) => ['-P', file])
  const args = ['-f', '-p', String(pid), '-o', output, '-e', `trace=${calls}`, ...inject, ...paths]
  const strace = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<void>((resolve) => strace.once('close', () => resolve()))
  const end = async (signal: NodeJS.Signals) => {
    strace.kill(signal)
    await ended
  }
  // Not in its own time: a process that is being delayed cannot even be killed before.
  later(() => end('SIGKILL'))
  let said = ''
  await new Promise<void>((resolve, reject) => {
    strace.stderr.on('data', (chunk) => {
      said += chunk
      if (said.includes(`Process ${pid} attached`)) resolve()
    })
    void ended.then(() => reject(new Error(`strace did not attach: ${said}`)))
  })
  return {
    stop: () => end('SIGINT'),
    cut: () => end('SIGKILL'),
    log: () => readFileSync(output, 'utf8').split('\n').slice(0, -1),
  }
}

/** The files that make up an inbox. */
export const filesOf = (path: string): string[] => [path, `${path}-wal`]
