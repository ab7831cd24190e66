/** One subject on its own: a fresh server on a fresh folder, posts to it, and nothing left behind. */
import { rmSync } from 'node:fs'
import type { LoadResult } from '../load/plan.ts'
import { PATH } from '../servers/listen.ts'
import type { ServerPlan } from '../servers/plan.ts'
import type { Body, Context } from './context.ts'
import { findPostgres, type Postgres, startPostgres } from './postgres.ts'
import { LoadProcess, type ServerProcess, startServer } from './processes.ts'
import type { Figures } from './results.ts'
import { lackOf, type Named, needsPostgres, requestHeaders } from './subjects.ts'

export interface Posting {
  readonly body: Body
  readonly connections: number
  /** Default: without limit; one of the two must be given. */
  readonly ms?: number
  readonly posts?: number
}

export interface Posted extends LoadResult {
  readonly latencyMs: NonNullable<LoadResult['latencyMs']>
  /** Answers a second. */
  readonly rate: number
}

/**
 * A receiver runs for weeks, and V8 compiles what it runs often: whoever answers, posts of one event get quicker until
 * 30 000 to 40 000 of them. By count: in the same time a slower subject would have compiled less of its code. But some
 * subjects are too slow for so much.
 */
const WARM = { events: 200_000, posts: 40_000, mib: 256, seconds: 5 } as const

function warmPosts({ events, text }: Body): number {
  const posts = Math.min(WARM.events / events, WARM.posts, (WARM.mib * 2 ** 20) / text.length)
  return Math.max(8, Math.ceil(posts))
}

/** What the readers of a scenario are told of it. */
export const WARMED =
  `Warmed up before with ${WARM.events} events, ${WARM.posts} posts, ${WARM.mib} MiB or for ${WARM.seconds} s, whatever ` +
  'is reached first, but 8 posts at least: a receiver runs for weeks.'

export class Trial {
  readonly server: ServerProcess
  readonly named: Named
  readonly #context: Context
  readonly #load: LoadProcess

  constructor(context: Context, load: LoadProcess, server: ServerProcess, named: Named) {
    this.#context = context
    this.#load = load
    this.server = server
    this.named = named
  }

  /** @throws Error when an answer was not 200: what a subject cannot do is no measurement */
  async post(posting: Posting): Promise<Posted> {
    const result = await this.tryPosting(posting)
    const { latencyMs, statuses, beganAt, endedAt } = result
    const others = Object.keys(statuses).filter((status) => status !== '200')
    if (latencyMs === null || others.length > 0)
      throw new Error(`${this.named.name} answered ${JSON.stringify(statuses)}`)
    return { ...result, latencyMs, rate: (latencyMs.count * 1_000) / (endedAt - beganAt) }
  }

  /** As `post`; refusals are counted in `statuses`. */
  tryPosting({ body, connections, ms = 2 ** 31, posts = 2 ** 31 }: Posting): Promise<LoadResult> {
    const headers = requestHeaders(this.named, body.provider, body.text)
    const [port, firstStamp] = [this.server.port, this.#context.firstStamp()]
    return this.#load.run({ port, path: PATH, headers, bodyFile: body.file, connections, ms, posts, firstStamp })
  }

  /** Posts until server and senders run as fast as they will, and waits for what that left to do. */
  async warmUp({ body, connections }: Pick<Posting, 'body' | 'connections'>): Promise<void> {
    const posts = this.#context.either(Math.ceil(warmPosts(body) / 4), warmPosts(body))
    await this.post({ body, connections, posts, ms: WARM.seconds * 1_000 })
    await this.server.ask('idle', null)
  }
}

export interface TrialPlan extends Partial<Omit<ServerPlan, 'subject' | 'provider'>> {
  readonly body: Body
  /** See `startServer`. */
  readonly wrapper?: readonly string[]
}

interface Rounds {
  readonly count: number
  readonly subjects: readonly Named[]
  readonly title: string
}

export class Trials {
  readonly context: Context
  readonly #load = new LoadProcess()
  #postgres: Promise<Postgres> | null = null

  constructor(context: Context) {
    this.context = context
  }

  async one<T>(named: Named, wanted: TrialPlan, run: (trial: Trial) => Promise<T>): Promise<T> {
    const { body, wrapper = [], handlers = 1, handlerMs = 0, folder, bodiesMs } = wanted
    const role = wanted.role ?? named.role ?? 'both'
    const own = folder ?? this.context.newFolder()
    const plan = { subject: named.subject, provider: body.provider, folder: own, handlers, handlerMs, role, bodiesMs }
    const server = await startServer({ ...plan, database: await this.#database(named) }, wrapper)
    try {
      return await run(new Trial(this.context, this.#load, server, named))
    } finally {
      await server.kill()
      if (folder === undefined) rmSync(own, { recursive: true, force: true, maxRetries: 5 })
    }
  }

  /**
   * A, B, C, then C, B, A, and so on: what the machine does to one round it does to all subjects. Those with a database
   * server have rounds of their own afterwards: it goes on working when its turn is over, which slowed others by a third.
   */
  async rounds(plan: Rounds, run: (named: Named) => Promise<unknown>): Promise<void> {
    await this.#inTurn({ ...plan, subjects: plan.subjects.filter((named) => !needsPostgres(named)) }, run)
    const apart = plan.subjects.filter(needsPostgres)
    if (apart.length === 0) return
    await this.#inTurn({ ...plan, subjects: apart, title: `${plan.title}, with PostgreSQL` }, run)
    await this.#endPostgres()
  }

  async end(): Promise<void> {
    await this.#load.end()
    await this.#endPostgres()
  }

  async #endPostgres(): Promise<void> {
    const postgres = this.#postgres
    this.#postgres = null
    await (await postgres)?.end()
  }

  async #inTurn(plan: Rounds, run: (named: Named) => Promise<unknown>): Promise<void> {
    for (let round = 0; round < plan.count; round++) {
      this.context.log(`  ${plan.title}: round ${round + 1} of ${plan.count}`)
      const subjects = round % 2 === 0 ? plan.subjects : [...plan.subjects].reverse()
      for (const named of subjects) await run(named)
    }
  }

  async #database(named: Named): Promise<string | null> {
    if (!needsPostgres(named)) return null
    const bin = findPostgres()
    if (bin === null) throw new Error('there is no PostgreSQL server on this machine')
    this.#postgres ??= startPostgres(bin, this.context.newFolder())
    return (await this.#postgres).url
  }
}

/** The note of a scenario that had more to measure. */
export const QUICK = 'A quick run: fewer subjects, Momentum bodies of one size only, a quarter of the warm-up.'

/** Those that can be measured here with such bodies; the others are named. */
export function present(subjects: readonly Named[], body: Body, figures: Figures): Named[] {
  return subjects.filter((named) => {
    const lack = lackOf(named, body.provider)
    if (lack !== null) figures.note(`${named.name} is left out with ${body.provider} bodies: ${lack}.`)
    return lack === null
  })
}
