/** A child process that tells JSON lines. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export class Child {
  readonly process: ChildProcess
  readonly lines: Record<string, unknown>[] = []
  stderr = ''
  readonly #waiting: (() => void)[] = []
  readonly exited: Promise<{ code: number | null; signal: string | null }>

  constructor(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.process = spawn(process.execPath, [script, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.process.stderr?.on('data', (chunk) => {
      this.stderr += chunk
    })
    this.exited = new Promise((resolve) => this.process.once('close', (code, signal) => resolve({ code, signal })))
    void this.exited.then(() => this.#wake())
    createInterface({ input: this.process.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.lines.push(JSON.parse(line))
      this.#wake()
    })
  }

  /** The first line, from `from` on, that has this key; waits for it. */
  async line(key: string, from = 0): Promise<Record<string, unknown>> {
    for (;;) {
      const found = this.lines.slice(from).find((line) => key in line)
      if (found !== undefined) return found
      if (this.process.exitCode !== null || this.process.signalCode !== null)
        throw new Error(`the child ended without telling "${key}": ${this.stderr}`)
      await new Promise<void>((resolve) => void this.#waiting.push(resolve))
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<{ code: number | null; signal: string | null }> {
    this.process.kill(signal)
    return this.exited
  }
}
