/** What is kept for those who look: counts by time, last uses, actions. */
import type { NewDelivery } from '../../ports/inbox/intake.ts'
import type { LastUse, LookPort, Step, StoredAction, TallyRow, TallyWindow } from '../../ports/inbox/look.ts'
import { KEPT, STEP_MS, slotOf, sumOf, type Tell, tellObserved, Words } from '../rules/tally.ts'
import { MOST_ACTIONS, Uses } from '../rules/uses.ts'

type Counts = Map<string, { n: number; sum: number }>

const STEPS: readonly Step[] = ['minute', 'hour', 'day']

export class Looks {
  readonly #words = new Words()
  /** By step, and by where it begins. */
  readonly #slots = new Map<Step, Map<number, Counts>>(STEPS.map((step) => [step, new Map()]))
  readonly #uses = new Uses<{ -readonly [K in keyof LastUse]: LastUse[K] }>()
  #actions: StoredAction[] = []
  #lastAction = 0

  accepted({ source, credential, receivedAt, body }: NewDelivery, isRepeat: boolean): void {
    this.tell(receivedAt, source, isRepeat ? 'dup' : 'in', 1, body.byteLength)
    const first = (label: string | null) => ({ source, credential: label, firstAt: receivedAt, lastAt: 0, count: 0 })
    const use = this.#uses.of(source, credential, first)
    use.lastAt = receivedAt
    use.count++
  }

  telling(at: number, source: string): Tell {
    return (word, n, sum) => this.tell(at, source, word, n, sum)
  }

  tell(at: number, source: string, asked: string, n: number, sum: number): void {
    const word = this.#words.within(asked)
    this.#words.add(word)
    for (const [step, slots] of this.#slots) {
      const begin = slotOf(at, step) * STEP_MS[step]
      const counts: Counts = slots.get(begin) ?? new Map()
      slots.set(begin, counts)
      const key = JSON.stringify([source, word])
      const before = counts.get(key)
      counts.set(key, { n: (before?.n ?? 0) + n, sum: sumOf(before?.sum ?? 0, sum) })
    }
  }

  forgetBefore(now: number): void {
    for (const [step, slots] of this.#slots)
      for (const at of slots.keys()) if (at < now - KEPT[step] * STEP_MS[step]) slots.delete(at)
  }

  rows({ from, to, step }: TallyWindow): TallyRow[] {
    const slots = [...(this.#slots.get(step) ?? [])].filter(([at]) => at >= from && at < to).sort(([a], [b]) => a - b)
    return slots.flatMap(([at, counts]) =>
      [...counts].map(([key, { n, sum }]) => {
        const [source = '', word = ''] = JSON.parse(key) as string[]
        return { at, source, word, n, sum }
      }),
    )
  }

  uses(): LastUse[] {
    return [...this.#uses.all()].map((use) => ({ ...use }))
  }

  note(action: Omit<StoredAction, 'id'>): void {
    this.#lastAction++
    this.#actions = [...this.#actions, { ...action, id: this.#lastAction }].slice(-MOST_ACTIONS)
  }

  actions(limit: number): StoredAction[] {
    return this.#actions.toReversed().slice(0, limit)
  }
}

export function lookAt(looks: Looks, assertOpen: () => unknown): LookPort {
  return {
    async tallies(window) {
      assertOpen()
      return looks.rows(window)
    },
    async seen() {
      assertOpen()
      return looks.uses()
    },
    async observe(observed) {
      assertOpen()
      tellObserved(observed, looks)
    },
    async noteAction(action) {
      assertOpen()
      looks.note(action)
    },
    async actions(limit) {
      assertOpen()
      return looks.actions(limit)
    },
  }
}
