/**
 * What an inbox must do that several processes have open at the same time: no claim is given twice, and one that was lost
 * writes nothing. Embedded inboxes have one process, and need not pass it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Claim } from '../../src/ports/inbox/claims.ts'
import type { InboxPort } from '../../src/ports/inbox/index.ts'
import {
  everything,
  failure,
  firstPass,
  handClock,
  newDelivery,
  type Opened,
  openWith,
  retried,
  row,
  START,
  seqsOf,
} from '../inboxes/inbox-kit.ts'
import type { TestInbox } from '../inboxes/test-inbox.ts'
import { memosOf } from './inbox-memos.ts'

/** One store, open in several processes. */
export interface SharedStore {
  /** One more port on it, beside the others. */
  port(): InboxPort
  /** Resolves when the others have taken the process of this port for dead, and it has been told. */
  lose(port: InboxPort): Promise<void>
  /** Called after the test, when every port is closed. */
  remove(): Promise<void>
}

interface Two {
  readonly one: Opened
  readonly other: Opened
  /** One more process, at the clock of the two. */
  open(names?: Parameters<typeof openWith>[1]): Promise<Opened>
  lose(process: Opened): Promise<void>
}

type Case = (two: Two) => Promise<void>

const HOUR = 3_600_000

const lost = { code: 'ERR_CLAIM_LOST' }
const letter = (handler: string, index: number) => ({
  ...{ handler, index, attempts: 1, errors: [failure('x')], at: START },
  ...{ element: new TextEncoder().encode('{}'), size: 3, run: null },
})
const broken = (index: number | null) => ({ index, reason: 'why', path: null, at: START })

async function fill({ inbox }: Opened, ...names: readonly string[]): Promise<void> {
  for (const name of names) await inbox.accept(newDelivery(name))
}

/** What is claimed by the process, soon: word of others may take a moment. */
async function claimedSoon(process: Opened, limits: Parameters<Opened['claim']>[0] = {}): Promise<readonly Claim[]> {
  for (let tries = 0; ; tries++) {
    const claims = await process.claim(limits)
    if (claims.length > 0 || tries === 200) return claims
    await sleep(10)
  }
}

/** Everything that can be claimed is, a few at a time. */
async function claimAll(process: Opened): Promise<number[]> {
  const seqs: number[] = []
  // An inbox that gives the same again and again ends here as well.
  while (seqs.length < 100) {
    const claims = await process.claim({ maxDeliveries: 3 })
    if (claims.length === 0) break
    seqs.push(...seqsOf(claims))
  }
  return seqs
}

const stateOf = async (inbox: TestInbox) => {
  const { pending, deadLetters, quarantined, unhandled } = await inbox.stats()
  return { pending, deadLetters, quarantined, unhandled }
}

const CASES: Readonly<Record<string, Case>> = {
  async 'gives each delivery to one of them, whoever asks'({ one, other }) {
    await fill(one, ...Array.from({ length: 40 }, (_, n) => `x${n}`))
    const [mine, theirs] = await Promise.all([claimAll(one), claimAll(other)])
    const seqs = [...mine, ...theirs].sort((a, b) => a - b)
    expect(seqs).toHaveLength(40)
    expect(new Set(seqs).size).toBe(40)
  },

  async 'gives what one has accepted to the other, who is told'({ one, other }) {
    const told = Promise.withResolvers<void>()
    other.inbox.onWork(() => told.resolve())
    await fill(one, 'x')
    await told.promise
    const [claim] = await claimedSoon(other)
    expect(claim?.delivery.id).toBe('d_x')
    expect(await one.claim()).toEqual([])
  },

  async 'stores a delivery once that both accept, and counts the other'({ one, other }) {
    const answers = await Promise.all([one, other, one, other].map(({ inbox }) => inbox.accept(newDelivery('x'))))
    expect(answers.filter(({ status }) => status === 'accepted')).toHaveLength(1)
    expect(new Set(answers.map(({ seq }) => seq)).size).toBe(1)
    expect((await other.inbox.delivery('d_x'))?.duplicates).toBe(3)
  },

  async 'takes a memo of one of them, and tells the other that there is one'({ one, other }) {
    const memos = [one, other].map(({ inbox }) => memosOf(inbox))
    for (let version: number | null = null, round = 0; round < 10; round++) {
      const written = await Promise.all(memos.map((memo, at) => memo.write('alerts', `${round} ${at}`, version)))
      const at = written.findIndex((answer) => answer !== null)
      expect(written.filter((answer) => answer === null)).toHaveLength(1)
      version = written[at] as number
      for (const memo of memos) expect(await memo.read('alerts')).toEqual({ text: `${round} ${at}`, version })
    }
  },

  async 'leaves the claims of one alone when another opens, and when another closes'({ one, other, open }) {
    await fill(one, 'x', 'y')
    await one.claim({ maxDeliveries: 1 })
    const third = await open()
    expect(seqsOf(await third.claim())).toEqual([2])
    await third.inbox.close()
    expect(seqsOf(await claimedSoon(other))).toEqual([2])
    expect(await other.claim({ seq: 1 })).toEqual([])
    await one.inbox.settle(firstPass(1))
    expect(await stateOf(one.inbox)).toMatchObject({ pending: 1 })
  },

  async 'gives what one has released, or closed over, to the other without care'({ one, other }) {
    await fill(one, 'x', 'y')
    await one.claim()
    one.inbox.release([1])
    const [released] = await claimedSoon(other)
    expect(released).toMatchObject({ delivery: { id: 'd_x' }, careful: false })
    await one.inbox.close()
    const [left] = await claimedSoon(other)
    expect(left).toMatchObject({ delivery: { id: 'd_y' }, careful: false, deaths: [] })
  },

  async 'refuses the settlement of a claim that was lost, and stores nothing of it'({ one, other, lose }) {
    await fill(one, 'x')
    const [claim] = await one.claim()
    const told = Promise.withResolvers<readonly unknown[]>()
    one.inbox.onLost(told.resolve)
    await lose(one)
    expect(await told.promise).toEqual([claim?.token])
    const before = await stateOf(other.inbox)
    const settlement = firstPass(1, {
      events: 3,
      rows: [row('a', START)],
      dead: [letter('a', 1)],
      quarantined: [broken(2)],
      unhandled: { z: 4 },
      keys: { windowMs: 60_000, at: START, keys: Float64Array.of(1, 2) },
    })
    await expect(one.inbox.settle(settlement)).rejects.toMatchObject(lost)
    expect(await stateOf(other.inbox)).toEqual(before)
    expect(await other.inbox.deadLetters(everything)).toEqual([])
    expect(await other.inbox.quarantine(everything)).toEqual([])
    expect(await other.inbox.owners(60_000, Float64Array.of(1, 2))).toEqual(
      other.inbox.port.eventKeys === undefined ? [] : [0],
    )
    const [again] = await claimedSoon(other)
    expect(again).toMatchObject({ delivery: { seq: 1, events: null }, rows: null, careful: true })
    await expect(one.inbox.settle(settlement)).rejects.toMatchObject(lost)
    await other.inbox.settle(firstPass(1))
    await expect(one.inbox.settle(settlement)).rejects.toMatchObject(lost)
    expect(await stateOf(one.inbox)).toEqual({ pending: 0, deadLetters: 0, quarantined: 0, unhandled: {} })
  },

  async 'refuses it also where rows were claimed, which stay as they were'({ one, other, lose }) {
    await fill(one, 'x')
    await one.claim()
    await one.inbox.settle(firstPass(1, { events: 5, rows: [row('a', START, { last: 4 })] }))
    const [claim] = await one.claim()
    await lose(one)
    await expect(one.inbox.settle(retried(claim!, { dead: [letter('a', 1)] }))).rejects.toMatchObject(lost)
    const [again] = await claimedSoon(other)
    expect(again).toMatchObject({ careful: true, rows: [{ handler: 'a', first: 0, last: 4, attempts: 1 }] })
    await other.inbox.settle(retried(again!))
    await expect(one.inbox.settle(retried(claim!))).rejects.toMatchObject(lost)
    expect(await stateOf(one.inbox)).toMatchObject({ pending: 0, deadLetters: 0 })
  },

  async 'refuses the note of a claim that was lost, and counts what was noted before, once'({ one, other, lose }) {
    await fill(one, 'x')
    await one.claim()
    await one.inbox.note(1, [{ index: 1, handler: 'a' }])
    await lose(one)
    await expect(one.inbox.note(1, [{ index: 2, handler: 'a' }])).rejects.toMatchObject(lost)
    const [again] = await claimedSoon(other)
    expect(again?.deaths).toEqual([{ index: 1, handler: 'a', times: 1 }])
    await expect(one.inbox.note(1, [{ index: 2, handler: 'a' }])).rejects.toMatchObject(lost)
    await lose(other)
    const [third] = await claimedSoon(one)
    expect(third?.deaths).toEqual([{ index: 1, handler: 'a', times: 1 }])
  },

  async 'makes one of them the owner of an event that both reserve, and tells the other whose it is'({ one, other }) {
    const [window, all, mine] = [HOUR, Float64Array.of(1, 2, 3, 4, 5, 6), Float64Array.of(1, 2)]
    const given = await Promise.all(
      Array.from({ length: 20 }, (_, n) => [one, other][n % 2]!.inbox.reserve(window, START, n + 1, all)),
    )
    const [owner] = given[0]!
    expect(owner).toBeGreaterThan(0)
    expect(given).toEqual(given.map(() => [owner, owner, owner]))
    const another = (owner ?? 0) + 1
    // A key that begins alike is another.
    expect(await other.inbox.reserve(window, START, another, Float64Array.of(1, 9, 7, 8, 7, 8))).toEqual([
      0,
      another,
      another,
    ])
    expect(await one.inbox.owners(window, mine)).toEqual([owner])
    one.clock.advance(window + window / 4)
    expect(await one.inbox.reserve(window, one.clock.now(), another, mine)).toEqual([another])
    expect(await other.inbox.reserve(window, one.clock.now(), 99, mine)).toEqual([another])
  },

  async 'gives an event to another once the delivery that had reserved it has given it up'({ one, other }) {
    await fill(one, 'x', 'y')
    await one.claim({ maxDeliveries: 1 })
    const keys = Float64Array.of(1, 2)
    expect(await one.inbox.reserve(HOUR, START, 1, keys)).toEqual([1])
    expect(await other.inbox.reserve(HOUR, START, 2, keys)).toEqual([1])
    await one.inbox.settle(firstPass(1, { forgotten: { windowMs: HOUR, keys } }))
    expect(await other.inbox.reserve(HOUR, START, 2, keys)).toEqual([2])
  },

  async 'keeps the progress of a claim until it is lost, and none after it'({ one, other, lose }) {
    await fill(one, 'x')
    await one.claim()
    const token = one.inbox.tokenOf(1)
    const progress = (next: number, index: number, parts: number) => ({
      ...{ seq: 1, token, row: null, next, over: { a: [[0, next - 1]] as [number, number][] }, parts },
      ...{ rows: [], at: START, dead: [], quarantined: [broken(index)], unhandled: {}, copies: [] },
    })
    expect(await one.inbox.saveProgress([progress(2, 0, 0)])).toEqual([])
    await lose(one)
    expect(await one.inbox.saveProgress([progress(4, 3, 1)])).toEqual([1])
    const [again] = await claimedSoon(other)
    expect(again?.progress).toMatchObject([{ next: 2, quarantined: [{ index: 0 }], parts: 1 }])
    expect(await one.inbox.saveProgress([progress(4, 3, 1)])).toEqual([1])
    await other.inbox.settle(firstPass(1))
    expect(await stateOf(other.inbox)).toMatchObject({ pending: 0, quarantined: 0 })
  },

  async 'passes over the release of a claim that was lost'({ one, other, open, lose }) {
    await fill(one, 'x')
    await one.claim()
    await lose(one)
    const [claim] = await claimedSoon(other)
    one.inbox.release([1])
    const third = await open()
    expect(await third.claim()).toEqual([])
    await other.inbox.settle(firstPass(claim!.delivery.seq))
    expect(await stateOf(third.inbox)).toMatchObject({ pending: 0 })
  },

  async 'gives a process that has lost its claims others'({ one, lose }) {
    await fill(one, 'x')
    await one.claim()
    await lose(one)
    const [again] = await claimedSoon(one)
    expect(again).toMatchObject({ delivery: { seq: 1 }, careful: true })
    await one.inbox.settle(firstPass(1))
    expect(await stateOf(one.inbox)).toMatchObject({ pending: 0 })
  },

  async 'has one process be careful, and the others go on beside it'({ one, other, lose }) {
    await fill(one, 'x')
    await one.claim()
    await lose(one)
    await fill(one, 'y', 'z')
    const careful = await claimedSoon(one)
    expect(careful).toMatchObject([{ delivery: { id: 'd_x' }, careful: true }])
    expect(await one.claim()).toEqual([])
    const others = await claimedSoon(other)
    expect(others.map(({ delivery, careful: isCareful }) => [delivery.id, isCareful])).toEqual([
      ['d_y', false],
      ['d_z', false],
    ])
  },

  async 'has one be careful with what it can have, and then another with the rest'({ one, other, open, lose }) {
    await one.inbox.accept(newDelivery('x', { source: 'outlet' }))
    await one.inbox.accept(newDelivery('y'))
    await one.claim()
    for (const seq of [1, 2]) await one.inbox.settle(firstPass(seq, { rows: [row('a', START)] }))
    const third = await open()
    expect(await claimedSoon(third)).toHaveLength(2)
    await lose(third)
    const [mine] = await claimedSoon(one, { sources: ['shop'] })
    expect(mine).toMatchObject({ delivery: { id: 'd_y' }, careful: true })
    await one.inbox.settle(retried(mine!))
    expect(await one.claim({ sources: ['shop'] })).toEqual([])
    const theirs = await claimedSoon(other, { sources: ['outlet'] })
    expect(theirs).toMatchObject([{ delivery: { id: 'd_x' }, careful: true }])
  },

  async 'leaves the deliveries of a source to the process that asks for it'({ one, other }) {
    await one.inbox.accept(newDelivery('x', { source: 'outlet' }))
    await one.inbox.accept(newDelivery('y'))
    const mine = await one.claim({ sources: ['shop'] })
    expect(mine.map(({ delivery }) => delivery.id)).toEqual(['d_y'])
    expect(await one.claim({ sources: ['shop'] })).toEqual([])
    const theirs = await claimedSoon(other, { sources: ['outlet'] })
    expect(theirs.map(({ delivery }) => delivery.id)).toEqual(['d_x'])
    await one.inbox.settle(firstPass(2, { rows: [row('a', START)] }))
    await other.inbox.settle(firstPass(1, { rows: [row('a', START)] }))
    const rowsOfOne = await claimedSoon(one, { sources: ['shop'] })
    expect(rowsOfOne.map(({ delivery }) => delivery.id)).toEqual(['d_y'])
    const rowsOfOther = await claimedSoon(other, { sources: ['outlet'] })
    expect(rowsOfOther.map(({ delivery }) => delivery.id)).toEqual(['d_x'])
  },

  async 'keeps for a handler of one what the other works on'({ one, open }) {
    const third = await open(['a', 'b'])
    await fill(one, 'x')
    const [claim] = await claimedSoon(one)
    expect(claim?.handlers).toEqual(['a', 'b'])
    await one.inbox.settle(firstPass(1, { rows: [row('b', START, { attempts: 0 })] }))
    expect(await one.claim()).toEqual([])
    const [left] = await claimedSoon(third)
    expect(left).toMatchObject({ delivery: { seq: 1 }, rows: [{ handler: 'b' }] })
    await third.inbox.settle(retried(left!))
    expect(await stateOf(one.inbox)).toMatchObject({ pending: 0 })
  },

  async 'gives rows that one has left to the other, and tells it when they fall due'({ one, other }) {
    await fill(one, 'x')
    await one.claim()
    await one.inbox.settle(firstPass(1, { rows: [row('a', START + 500)] }))
    expect(await other.nextDueAt()).toBe(START + 500)
    one.clock.advance(500)
    const [left] = await claimedSoon(other)
    expect(left?.rows).toMatchObject([{ handler: 'a', attempts: 1 }])
    expect(await one.claim()).toEqual([])
  },

  async 'tells each of them of a pause, whoever asked for it'({ one, other }) {
    const told = Promise.withResolvers<readonly unknown[]>()
    other.inbox.onPause(told.resolve)
    await one.inbox.pause('a', 'hand')
    expect(await told.promise).toMatchObject([{ handler: 'a', by: 'hand' }])
  },

  async 'takes nothing out of a delivery that another works on'({ one, other }) {
    await fill(one, 'x')
    await one.claim()
    expect(await other.inbox.erase([{ seq: 1, indices: [0] }])).toEqual({ erased: 0, busy: [1] })
    await one.inbox.settle(firstPass(1))
    expect(await other.inbox.erase([{ seq: 1, indices: [0] }])).toEqual({ erased: 1, busy: [] })
  },
}

export function describeTwoAtOnce(name: string, newStore: () => SharedStore | Promise<SharedStore>): void {
  describe(`${name} inbox, two at once`, () => {
    for (const [what, run] of Object.entries(CASES)) it(what, () => withTwo(newStore, run))
  })
}

/** The cases that a store does not pass. */
export async function failuresOf(newStore: () => SharedStore | Promise<SharedStore>): Promise<string[]> {
  const failed: string[] = []
  for (const [what, run] of Object.entries(CASES)) await withTwo(newStore, run).catch(() => failed.push(what))
  return failed
}

async function withTwo(newStore: () => SharedStore | Promise<SharedStore>, run: Case): Promise<void> {
  const store = await newStore()
  const clock = handClock()
  const all: Opened[] = []
  const open = async (names: Parameters<typeof openWith>[1] = ['a']) => {
    const opened = await openWith(store.port(), names, clock)
    all.push(opened)
    return opened
  }
  try {
    const [one, other] = [await open(), await open()]
    await run({ one, other, open, lose: ({ inbox }) => store.lose(inbox.port) })
  } finally {
    for (const { inbox } of all) await inbox.close()
    await store.remove()
  }
}
