/** A sender on bare `node:http` with keep-alive: posts, believes nothing but a 200, and repeats what it is not sure of. */
import { Agent, request } from 'node:http'
import type { Ledger, Sent } from './ledger.ts'

export interface Answer {
  /** 0: the connection ended before the answer was whole. */
  readonly status: number
  readonly json: { readonly status?: string; readonly id?: string; readonly error?: string }
}

const BROKEN: Answer = { status: 0, json: {} }

export class Sender {
  readonly #ledger: Ledger
  readonly #agent = new Agent({ keepAlive: true })
  readonly #waiting = new Set<{ readonly count: number; readonly resolve: () => void }>()
  readonly #port: number
  /** Answers of this sender, by status. */
  readonly answers: Record<number, number> = {}
  #stopped = false
  #acknowledged = 0

  constructor(ledger: Ledger, port: number) {
    this.#ledger = ledger
    this.#port = port
  }

  /** Posts once and notes a 200 in the ledger. Never rejects. */
  async post(sent: Sent): Promise<Answer> {
    const answer = await post(this.#port, this.#agent, sent)
    this.answers[answer.status] = (this.answers[answer.status] ?? 0) + 1
    if (answer.status !== 200 || answer.json.id === undefined) return answer
    this.#ledger.acknowledge(sent, answer.json.id)
    this.#acknowledged++
    for (const waiter of this.#waiting) if (this.#acknowledged >= waiter.count) waiter.resolve()
    return answer
  }

  /** Posts until it is acknowledged, however often it is refused. */
  async deliver(sent: Sent): Promise<Answer> {
    for (;;) {
      const answer = await this.post(sent)
      if (answer.status === 200) return answer
      if (answer.status === 0 || this.#stopped) throw new Error(`a batch could not be delivered: ${answer.status}`)
      // As a sender does, only sooner.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /**
   * Posts on so many connections at once, what is open from before first, then what `next` gives, until the connection
   * breaks, `next` gives null, or the sender is stopped.
   */
  async load(lanes: number, next: () => Sent | null): Promise<void> {
    const open = this.#ledger.open
    const lane = async () => {
      for (let sent = open.shift() ?? next(); sent !== null && !this.#stopped; sent = open.shift() ?? next())
        for (let status = -1; status !== 200 && !this.#stopped; ) {
          status = (await this.post(sent)).status
          if (status === 0) return
        }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
  }

  /** Resolves when this sender has had so many acknowledgements. */
  async acknowledgements(count: number): Promise<void> {
    if (this.#acknowledged >= count) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiter = { count, resolve }
    this.#waiting.add(waiter)
    await promise
    this.#waiting.delete(waiter)
  }

  /** No new posts; the ones under way end as they end. */
  stop(): void {
    this.#stopped = true
  }

  destroy(): void {
    this.stop()
    this.#agent.destroy()
  }
}

function post(port: number, agent: Agent, { body, batch }: Sent): Promise<Answer> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length, 'x-toy-batch': batch }
    const req = request({ port, agent, host: '127.0.0.1', method: 'POST', path: '/webhooks/shop', headers }, (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk) => chunks.push(chunk))
      res.on('error', () => resolve(BROKEN))
      res.on('end', () => {
        const json = res.complete ? parse(Buffer.concat(chunks).toString()) : null
        resolve(json === null ? BROKEN : { status: res.statusCode ?? 0, json })
      })
    })
    req.on('error', () => resolve(BROKEN))
    req.end(body)
  })
}

function parse(text: string): Answer['json'] | null {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
