/** The process of the demo's receiver: started, killed and started again on the same file and port. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { AnyEvent } from '../types.ts'

/** What the receiver is told when it starts. */
export interface ReceiverSetting {
  readonly inbox: { readonly file: string } | { readonly url: string; readonly schema: string }
  readonly port: number
  /** Of the dashboard. */
  readonly opsPort: number
  readonly secrets: Readonly<Record<'shop' | 'cloud' | 'news' | 'crm' | 'signing', string>>
}

/** An event as far as the demo shows it. */
export type HandledEvent = Pick<
  AnyEvent,
  ('id' | 'provider' | 'name' | 'type' | 'nativeType' | 'source') | ('occurredAt' | 'email' | 'messageId' | 'effect')
>

export type FromReceiver =
  | { readonly port: number; readonly opsPort: number; readonly metrics: string | null }
  | { readonly handled: readonly HandledEvent[] }

const file = new URL(import.meta.url.endsWith('.ts') ? './demo-receiver.ts' : './demo-receiver.js', import.meta.url)

export class ReceiverProcess {
  readonly #setting: ReceiverSetting
  readonly #onHandled: (events: readonly HandledEvent[]) => void
  #child: ChildProcess | null = null
  #stopped = false
  #port: number
  #opsPort = 0
  #metrics: string | null = null

  constructor(setting: ReceiverSetting, onHandled: (events: readonly HandledEvent[]) => void) {
    this.#setting = setting
    this.#port = setting.port
    this.#onHandled = onHandled
  }

  get port(): number {
    return this.#port
  }

  get opsPort(): number {
    return this.#opsPort
  }

  /** Where a Prometheus finds its metrics; null: prom-client is not installed. */
  get metrics(): string | null {
    return this.#metrics
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Resolves when it listens; rejects when it ends before. */
  start(): Promise<void> {
    const child = fork(fileURLToPath(file), { serialization: 'advanced', execArgv: [] })
    this.#child = child
    child.send({ ...this.#setting, port: this.#port, opsPort: this.#opsPort })
    return new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the receiver of the demo ended with ${code}`)))
      child.on('message', (message: FromReceiver) => {
        if ('handled' in message) return this.#onHandled(message.handled)
        this.#port = message.port
        this.#opsPort = message.opsPort
        this.#metrics = message.metrics
        resolve()
      })
    })
  }

  /** kill -9, in the middle of whatever it does, and another one in its place; after `stop` none. */
  async restartKilled(): Promise<void> {
    await this.#end('SIGKILL')
    if (!this.#stopped) await this.start()
  }

  /** Resolves when it has drained and stopped. */
  stop(): Promise<void> {
    this.#stopped = true
    return this.#end('SIGTERM')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill(signal)
    await ended
  }
}
