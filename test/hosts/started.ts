/** An example in a folder of its own, with the package as npm packs it, started by what it names. */
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, rmSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from 'vitest'
import { newApplication } from '../support/installed.ts'

const root = join(import.meta.dirname, '../..')
const MINUTE = 60_000
const LISTENING = /(?:listening on:?|URL:) +https?:\/\/\S+?:(\d+)/i

export class Started {
  readonly folder: string
  /** What it has written since it was started last. */
  lines = ''
  #process: ChildProcess | undefined

  /** `files` lies below `examples/`: a folder, or one program. `built` has the package in its `node_modules`. */
  constructor(files: string, built: string, modules: ReadonlyArray<readonly [name: string, from: string]>) {
    this.folder = newApplication(files.replace(/\W.*/, ''))
    const isProgram = /\.\w+$/.test(files)
    const to = isProgram ? join(this.folder, files) : this.folder
    const filter = (path: string) => !/node_modules|\.output|\.nitro/.test(path)
    cpSync(join(root, 'examples', files), to, { recursive: true, filter })
    cpSync(join(built, 'node_modules'), join(this.folder, 'node_modules'), { recursive: true })
    for (const [name, from] of modules) symlinkSync(join(root, from, name), join(this.folder, 'node_modules', name))
  }

  /** Answers its address. */
  async start([program, ...args]: readonly [string, ...string[]], env: NodeJS.ProcessEnv): Promise<string> {
    const own = { PATH: process.env.PATH, HOME: this.folder, PORT: '0', ...env }
    const child = spawn(resolve(this.folder, program), args, { cwd: this.folder, env: own, detached: true })
    this.#process = child
    this.lines = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (this.lines += data))
    await expect.poll(() => this.lines, { timeout: MINUTE }).toMatch(LISTENING)
    return `http://127.0.0.1:${LISTENING.exec(this.lines)?.[1]}`
  }

  /** In order; what is left over, or a failure of Posthorn, fails the test. */
  async stop(): Promise<void> {
    this.#process?.kill('SIGTERM')
    await expect.poll(() => this.#process?.exitCode, { timeout: MINUTE }).toBe(0)
    expect(this.lines).toContain('stopped, nothing left over')
    expect(this.lines).not.toMatch(/sender\.left|posthorn error/)
  }

  /** With the processes that it has started. */
  async kill(): Promise<void> {
    const child = this.#process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((end) => child.once('close', end))
    process.kill(-Number(child.pid), 'SIGKILL')
    await ended
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
