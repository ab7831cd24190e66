/** Events through an inbox and a forwarder into a broker that is killed on the way, and what is wrong with what arrived. */

import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { createReceiver } from '../../src/index.ts'
import type { AnyEvent } from '../../src/types.ts'
import { toy } from '../support/toy.ts'
import type { Arrived, Site } from './sites.ts'

export interface Plan {
  readonly path: string
  readonly events: number
  /** In the middle, at even distances. */
  readonly kills: number
  /** `keys`: with `on` and `orderBy`; `batches`: with `onBatch`. */
  readonly by: 'keys' | 'batches'
  readonly size?: number
}

export interface HandedOn {
  readonly faults: readonly string[]
  readonly repeats: number
  /** From the first call of the handler to the last confirmation. */
  readonly ms: number
}

const KEYS = 50
const DELIVERY = 100

const fields = (event: AnyEvent) => event.payload as { readonly run: string; readonly n: number; readonly to: string }

/** All of them, to the last confirmation; the broker is up again at the end. */
export async function handOn(site: Site, { path, events, kills, by, size = 500 }: Plan): Promise<HandedOn> {
  await fill(path, by, events)
  const receiver = createReceiver({ inbox: sqlite({ path }), sources: { shop: toy() }, logger: false })
  let began: number | null = null
  let confirmed = 0
  let killed = 0
  let restart = Promise.resolve()
  const done = Promise.withResolvers<void>()
  const count = (more: number) => {
    confirmed += more
    if (killed < kills && confirmed >= ((killed + 1) * events) / (kills + 1)) {
      killed++
      restart = restart.then(() => site.broker.kill()).then(() => site.broker.start())
      restart.catch(done.reject)
    }
    if (confirmed >= events) done.resolve()
  }
  const retry = { attempts: 1_000, minMs: 50, maxMs: 500 }
  const { forward } = site
  if (by === 'keys')
    receiver.on(
      '*',
      { name: 'out', concurrency: 100, retry, orderBy: (event) => event.email },
      async (event, context) => {
        began ??= performance.now()
        await forward(event, context)
        count(1)
      },
    )
  else
    receiver.onBatch('*', { name: 'out', size, maxWaitMs: 20, retry }, async (batch, context) => {
      began ??= performance.now()
      const result = await forward(batch, context)
      count(batch.length - (result?.failed.length ?? 0))
      return result
    })
  await receiver.start()
  await done.promise
  const ms = performance.now() - (began ?? 0)
  await restart
  await receiver.close()
  const arrived = (await site.arrived()).filter(({ event }) => fields(event).run === by)
  return { faults: faultsOf(arrived, events, by === 'keys'), repeats: arrived.length - events, ms }
}

/** The inbox as receivers without handlers leave it. */
async function fill(path: string, run: string, events: number): Promise<void> {
  const receiver = createReceiver({ inbox: sqlite({ path }), sources: { shop: toy() }, role: 'receive', logger: false })
  for (let from = 0; from < events; from += DELIVERY) {
    const some = Array.from({ length: DELIVERY }, (_, at) => wire(run, from + at))
    await receiver.inject('shop', JSON.stringify(some))
  }
  await receiver.close()
}

const wire = (run: string, n: number) => ({ type: 'ping', run, n, to: `person-${n % KEYS}@example.org` })

/** What is wrong: events that are missing, repeats with another id, and a key whose events are not in their order. */
function faultsOf(arrived: readonly Arrived[], events: number, inOrder: boolean): string[] {
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
