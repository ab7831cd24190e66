/** The two processes of every measurement, from the side of the one that asks: a server and its senders. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { LoadPlan, LoadResult } from '../load/plan.ts'
import type { Hello, Questions, ServerPlan } from '../servers/plan.ts'

const SERVER = join(import.meta.dirname, '../servers/server.ts')
const LOAD = join(import.meta.dirname, '../load/process.ts')

/** As users run it: no compile cache, no flags of ours, warnings of Node left out of the output. */
const env = { ...process.env, NODE_COMPILE_CACHE: undefined, NODE_OPTIONS: undefined, NODE_NO_WARNINGS: '1' }

export class ServerProcess {
  readonly port: number
  readonly startMs: number
  /** When it had started, on the system's monotonic clock, in ms. */
  readonly openAt: number
  readonly #child: ChildProcess
  readonly #wrapped: boolean
  readonly #waiting = new Map<number, PromiseWithResolvers<never>>()
  #questions = 0

  constructor(child: ChildProcess, hello: Hello, wrapped: boolean) {
    this.#child = child
    this.#wrapped = wrapped
    this.port = hello.listening
    this.startMs = hello.startMs
    this.openAt = hello.openAt
    child.on('message', ({ id, value, error }: { id: number; value?: never; error?: string }) => {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) waiting?.resolve(value as never)
      else waiting?.reject(new Error(error))
    })
    child.once('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the server ended: ${code ?? signal}`))
    })
  }

  ask<Q extends keyof Questions>(question: Q, asked: Questions[Q][0]): Promise<Questions[Q][1]> {
    const id = ++this.#questions
    const waiting = Promise.withResolvers<never>()
    this.#waiting.set(id, waiting)
    this.#child.send({ id, question, asked })
    return waiting.promise
  }

  /** At once; its files are nobody's concern any more. */
  async kill(): Promise<void> {
    // A server ends when its channel does. A tracer must not end before it: calls it held would fail.
    if (this.#wrapped && this.#child.connected) {
      this.#child.disconnect()
      await once(this.#child, 'exit')
    }
    await end(this.#child)
  }
}

/** Resolves when it listens. `wrapper` is a command that runs another: `['strace', '-f']`. */
export async function startServer(plan: ServerPlan, wrapper: readonly string[] = []): Promise<ServerProcess> {
  const [execPath = process.execPath, ...execArgv] = wrapper.length === 0 ? [] : [...wrapper, process.execPath]
  const child = fork(SERVER, [JSON.stringify(plan)], { env, execPath, execArgv })
  const hello = await firstMessage(child, `the server of ${JSON.stringify(plan.subject)}`)
  return new ServerProcess(child, hello as Hello, wrapper.length > 0)
}

/** What a process says first. @throws Error with its name when it ends without a word */
export async function firstMessage(child: ChildProcess, name: string): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${name} ended with ${code} before it said anything`)
  })
  ended.catch(() => {})
  const [message] = await Promise.race([once(child, 'message'), ended])
  return message
}

/** A process for all senders of a scenario: it starts once and is warm after its first load. */
export class LoadProcess {
  readonly #child = fork(LOAD, { env, execArgv: [] })

  async run(plan: LoadPlan): Promise<LoadResult> {
    this.#child.send(plan)
    const [result] = await once(this.#child, 'message')
    return result
  }

  async end(): Promise<void> {
    await end(this.#child)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
