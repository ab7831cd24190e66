/**
 * A port whose deliveries are numbered from 1 without gaps, in the order in which they came: as the contract speaks of those
 * of one log. The numbers of an inbox over several logs have gaps, and tell no order between the logs.
 */
import type { Claim, ClaimRequest } from '../../../src/ports/inbox/claims.ts'
import type { InboxPort } from '../../../src/ports/inbox/index.ts'
import type { AnswerTo, Command } from '../../../src/ports/inbox/operations.ts'
import type { HistoryPage, Listings, Page } from '../../../src/ports/inbox/records.ts'

export class Numbers {
  readonly #real: number[] = []

  dense(real: number): number {
    const at = this.#real.indexOf(real)
    return at === -1 ? this.#real.push(real) : at + 1
  }

  real(dense: number): number {
    return this.#real[dense - 1] ?? -1
  }

  after(dense: number): number {
    return dense === 0 ? 0 : this.real(dense)
  }
}

/** `sorts`: claims come in the order of the numbers, and not shard by shard. */
export function densely(inner: InboxPort, numbers: Numbers, sorts: boolean): InboxPort {
  const { intake, claims, records, eventKeys } = inner
  const real = <T extends { readonly seq: number }>(one: T): T => ({ ...one, seq: numbers.real(one.seq) })
  const dense = <T extends { readonly seq: number }>(one: T): T => ({ ...one, seq: numbers.dense(one.seq) })
  const numbered = (row: object) =>
    'delivery' in row ? { ...row, delivery: dense(row.delivery as { readonly seq: number }) } : row
  const given = (claim: Claim): Claim => ({ ...claim, delivery: dense(claim.delivery) })
  const port = {
    kind: 'sharded',
    intake: {
      ...intake,
      accept: async (...args: Parameters<typeof intake.accept>) => dense(await intake.accept(...args)),
      noteSenderLeft: (seq: number) => intake.noteSenderLeft(numbers.real(seq)),
    },
    claims: {
      async claim(request: ClaimRequest) {
        const { seq } = request
        const claimed = await claims.claim({ ...request, ...(seq !== undefined && { seq: numbers.real(seq) }) })
        const all = claimed.claims.map(given)
        return { ...claimed, claims: sorts ? all.sort((a, b) => a.delivery.seq - b.delivery.seq) : all }
      },
      noteCalls: (ref, calls) => claims.noteCalls(real(ref), calls),
      saveProgress: (all) => claims.saveProgress(all.map(real)),
      settle: (settlement) => claims.settle(real(settlement)),
      release: (refs) => claims.release(refs.map(real)),
      mayBegin: (id?: string) => claims.mayBegin?.(id) ?? true,
    } satisfies InboxPort['claims'],
    records: {
      stats: () => records.stats(),
      delivery: async (id) => maybe(await records.delivery(id), dense),
      read: async (seq) => maybe(await records.read(numbers.real(seq)), dense),
      async list<K extends keyof Listings>(kind: K, page: Page): Promise<readonly Listings[K][]> {
        const { before } = page
        const isRenumbered = kind === 'deliveries' && before !== null
        const rows = await records.list(kind, isRenumbered ? { ...page, before: numbers.real(before) } : page)
        // Each kind has its rows, which is lost on a type parameter.
        return rows.map((row) => ('seq' in row ? dense(row) : numbered(row)) as Listings[K])
      },
      history: async (page: HistoryPage) =>
        (await records.history({ ...page, after: numbers.after(page.after) })).map(dense),
      progress: (id, index) => records.progress(id, index),
      handlers: () => records.handlers(),
    } satisfies InboxPort['records'],
    async carryOut<C extends Command>(command: C): Promise<AnswerTo<C>> {
      const change = (): Command => {
        if (command.kind === 'erase') return { ...command, erasures: command.erasures.map(real) }
        if (command.kind === 'replay') return { ...command, rows: command.rows.map(real) }
        return command
      }
      const answer = (await inner.carryOut(change() as C)) as unknown
      if (command.kind !== 'erase') return answer as AnswerTo<C>
      const { erased, busy } = answer as AnswerTo<Extract<Command, { kind: 'erase' }>>
      return { erased, busy: busy.map((seq) => numbers.dense(seq)) } as unknown as AnswerTo<C>
    },
    ...(eventKeys && {
      eventKeys: {
        owners: async (windowMs: number, keys: Float64Array, seq: number) =>
          (await eventKeys.firstSeen(windowMs, keys, numbers.real(seq))).map((owner) =>
            owner === 0 ? 0 : numbers.dense(owner),
          ),
      },
    }),
  }
  return new Proxy(inner, {
    get(target, name) {
      const own: unknown = Reflect.get(port, name)
      if (own !== undefined) return own
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

const maybe = <T>(one: T | null, change: (one: T) => T): T | null => (one === null ? null : change(one))
