/** What wraps around passes and settlements are told. */
import type { Claim } from '../../ports/inbox/claims.ts'
import type { PassAbout, PassSummary } from '../../ports/instrument.ts'
import type { Wrap } from '../base/wraps.ts'
import type { PassResult } from './result.ts'

export function passAbout({ delivery, rows }: Claim): PassAbout {
  const { source, id: deliveryId, receivedAt, traceparent } = delivery
  const run = rows?.find(({ replay }) => replay !== null)?.replay?.run ?? null
  return { source, deliveryId, receivedAt: new Date(receivedAt), traceparent, first: rows === null, run }
}

/** null: it was given back, or Posthorn failed over it. */
export function summaryOf(result: PassResult | null): PassSummary {
  if (result === null) return { end: 'lost' }
  const { settlement, handled, dead } = result
  const { events, quarantined } = settlement
  return { end: 'settled', events, handled, dead: dead.length, quarantined: quarantined.length }
}

type Settled = { readonly conflictsWith: string | null }

interface Waiting {
  readonly about: PassAbout
  begin(): Promise<unknown>
}

/** Settlements that are handed in in one turn of the event loop go into one wrap, each with its own result. */
export class SettleGroups {
  readonly #wrap: Wrap<'settle'>
  #waiting: Waiting[] = []

  constructor(wrap: Wrap<'settle'>) {
    this.#wrap = wrap
  }

  add(about: PassAbout, settle: () => Promise<Settled>): Promise<Settled> {
    const settled = Promise.withResolvers<Settled>()
    const begin = () => {
      const settling = settle()
      settled.resolve(settling)
      return settling
    }
    if (this.#waiting.push({ about, begin }) === 1) queueMicrotask(() => this.#flush())
    return settled.promise
  }

  #flush(): void {
    const group = this.#waiting.splice(0)
    const run = () => Promise.allSettled(group.map(({ begin }) => begin()))
    const failed = (all: readonly PromiseSettledResult<unknown>[]) =>
      all.filter(({ status }) => status === 'rejected').length
    void this.#wrap({ passes: group.map(({ about }) => about) }, run, (all) => ({ failed: failed(all) }))
  }
}
