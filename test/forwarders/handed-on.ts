/** Events through an inbox and a forwarder into a broker that is killed on the way, and what is wrong with what arrived. */
import { setTimeout } from 'node:timers/promises'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { createReceiver } from '../../src/index.ts'
import type { AnyEvent } from '../../src/types.ts'
import { toy } from '../support/toy.ts'
import type { Arrived, Site } from './sites.ts'

/** `keys`: with `on` and `orderBy`; `batches`: with `onBatch`. */
export type By = 'keys' | 'batches'

export interface Plan {
  readonly path: string
  readonly events: number
  /** In the middle, at even distances. */
  readonly kills: number
  readonly by: By
  readonly size?: number
  /** Batches at a time. */
  readonly concurrency?: number
}

export interface HandedOn {
  readonly faults: readonly string[]
  readonly repeats: number
  /** Events that were handed to the client and not confirmed, at each kill. */
  readonly underWay: readonly number[]
  /** From the first call of the handler to the last confirmation. */
  readonly ms: number
}

const KEYS = 50
const DELIVERY = 100

const fields = (event: AnyEvent) => event.payload as { readonly run: string; readonly n: number; readonly to: string }

/** All of them, to the last confirmation; the broker is up again at the end. */
export async function handOn(
  site: Site,
  { path, events, kills, by, size = 500, concurrency = 1 }: Plan,
): Promise<HandedOn> {
  await fill(path, by, events)
  const receiver = createReceiver({ inbox: sqlite({ path }), sources: { shop: toy() }, logger: false })
  let began: number | null = null
  let confirmed = 0
  let killed = 0
  let restart = Promise.resolve()
  let isDue = false
  const done = Promise.withResolvers<void>()
  const count = (more: number) => {
    confirmed += more
    if (killed < kills && confirmed >= ((killed + 1) * events) / (kills + 1)) {
      killed++
      isDue = true
    }
    if (confirmed >= events) done.resolve()
  }
  let sent = 0
  let shortestMs = Number.POSITIVE_INFINITY
  let share = 0.5
  const underWay: number[] = []
  /** Amid a call: the server has some of it, and has confirmed less. */
  async function kill() {
    await setTimeout(Number.isFinite(shortestMs) ? shortestMs * share : 0)
    if (sent === 0) {
      share /= 2
      isDue = true
      return
    }
    underWay.push(sent)
    await site.broker.kill()
    await site.broker.start()
  }
  /** When a kill is due, with these events under way. */
  const strike = async <T>(count: number, send: () => Promise<T>): Promise<T> => {
    const at = performance.now()
    sent += count
    try {
      const sending = send()
      if (isDue) {
        isDue = false
        restart = restart.then(kill)
        restart.catch(done.reject)
      }
      return await sending
    } finally {
      sent -= count
      shortestMs = Math.min(shortestMs, performance.now() - at)
    }
  }
  const retry = { attempts: 1_000, minMs: 50, maxMs: 500 }
  const { forward } = site
  if (by === 'keys')
    receiver.on(
      '*',
      { name: 'out', concurrency: 100, retry, orderBy: (event) => event.email },
      async (event, context) => {
        began ??= performance.now()
        await strike(1, () => forward(event, context))
        count(1)
      },
    )
  else
    receiver.onBatch('*', { name: 'out', size, concurrency, maxWaitMs: 20, retry }, async (batch, context) => {
      began ??= performance.now()
      const result = await strike(batch.length, () => forward(batch, context))
      count(batch.length - (result?.failed.length ?? 0))
      return result
    })
  await receiver.start()
  await done.promise
  const ms = performance.now() - (began ?? 0)
  await restart
  await receiver.close()
  const arrived = ofRun(await site.arrived(), by)
  const faults = faultsOf(arrived, events, by === 'keys')
  if (underWay.length !== kills || underWay.includes(0)) faults.push(`at the kills ${underWay} were under way`)
  return { faults, repeats: arrived.length - events, underWay, ms }
}

/** The inbox as receivers without handlers leave it. */
export async function fill(path: string, run: string, events: number): Promise<void> {
  const receiver = createReceiver({ inbox: sqlite({ path }), sources: { shop: toy() }, role: 'receive', logger: false })
  for (let from = 0; from < events; from += DELIVERY) {
    const some = Array.from({ length: DELIVERY }, (_, at) => wire(run, from + at))
    await receiver.inject('shop', JSON.stringify(some))
  }
  await receiver.close()
}

/** An event of a run, of one of 50 people. */
export const wire = (run: string, n: number) => ({ type: 'ping', run, n, to: `person-${n % KEYS}@example.org` })

export const ofRun = (arrived: readonly Arrived[], run: string) =>
  arrived.filter(({ event }) => fields(event).run === run)

/** What is wrong with what has arrived of a run: events that are missing, repeats with another id, and a key whose events are not in their order. */
export function faultsOf(arrived: readonly Arrived[], events: number, inOrder: boolean): string[] {
  const idOf = new Map<number, string>()
  const ids = new Set<string>()
  const last = new Map<string, number>()
  const faults: string[] = []
  for (const { id, event } of arrived) {
    const { n, to } = fields(event)
    if (id !== event.id || (idOf.get(n) ?? id) !== id)
      faults.push(`${n} came as ${id}, and is ${idOf.get(n) ?? event.id}`)
    if (!idOf.has(n)) {
      if (inOrder && (last.get(to) ?? -1) > n) faults.push(`${n} came after ${last.get(to)} of its key`)
      last.set(to, n)
    }
    idOf.set(n, id)
    ids.add(id)
  }
  if (idOf.size !== events) faults.push(`${events - idOf.size} of ${events} are missing`)
  if (ids.size !== idOf.size) faults.push(`${idOf.size} events have ${ids.size} ids`)
  return faults.slice(0, 20)
}
