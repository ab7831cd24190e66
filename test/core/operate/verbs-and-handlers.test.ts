/**
 * Every verb that makes work, with every kind of handler, over both inboxes: what the verb says it has queued reaches the
 * handler, once, and nothing is left waiting. Each row of the table is one life of two processes.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { PermanentError } from '../../../src/errors.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { Inbox } from '../../../src/ports/inbox/index.ts'
import type { Provider } from '../../../src/ports/provider.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { receiverIn } from '../../support/receivers.ts'
import { toy, toyProvider } from '../../support/toy.ts'

type Receiver = ReturnType<typeof receiverIn>

const folder = mkdtempSync(join(tmpdir(), 'posthorn-verbs-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const INBOXES: Readonly<Record<string, () => Inbox>> = {
  memory,
  SQLite: () => sqlite({ path: join(folder, `${++files}.db`), minFreeBytes: 0 }),
}

/** A source of a later version, which reads `bad` elements as well. */
function laterToy(): ReturnType<typeof toy> {
  const read: Provider['read'] = (element, ...rest) => {
    const { bad, ...wire } = element as { bad?: unknown }
    return toyProvider.read(wire, ...rest)
  }
  const source = toy()
  return { ...source, [port]: { ...source[port], provider: { ...toyProvider, read } } }
}

/** What the handler does and has seen. */
class World {
  readonly clock = new FakeClock()
  readonly inbox: Inbox
  /** Numbers of the events that were handled since `forget`, in order. */
  seen: number[] = []
  /** Numbers of the events that die. */
  readonly deadly = new Set<number>()
  /** The next process reads what the first could not. */
  isLater = false
  #receiver: Receiver | null = null

  constructor(inbox: Inbox) {
    this.inbox = inbox
  }

  readonly handle = (event: AnyEvent): void => {
    const { n } = event.payload as { n: number }
    if (this.deadly.has(n)) throw new PermanentError('not this one')
    this.seen.push(n)
  }

  readonly handleAll = (events: readonly AnyEvent[]) => {
    const failed = events.filter((event) => this.deadly.has((event.payload as { n: number }).n))
    for (const event of events) if (!failed.includes(event)) this.handle(event)
    return { failed: failed.map(({ id }) => ({ id, error: new PermanentError('not this one') })) }
  }

  async process(register: (receiver: Receiver, world: World) => void): Promise<Receiver> {
    await this.close()
    const sources = { shop: this.#receiver === null && this.isLater ? laterToy() : toy() }
    this.#receiver = receiverIn(this.clock, { inbox: this.inbox, sources, onRedelivery: 'rearm' })
    this.isLater = true
    this.#receiver.on('toy.ping', { name: 'other' }, () => {})
    register(this.#receiver, this)
    await this.#receiver.start()
    return this.#receiver
  }

  /** Until nothing can be done any more, the waits of handlers included. */
  async rest(receiver: Receiver): Promise<void> {
    for (let round = 0; round < 4; round++) {
      await this.clock.advance(2_000)
      await Promise.race([receiver.whenIdle(), new Promise((resolve) => setTimeout(resolve, 500).unref())])
    }
  }

  /** A verb that waits now and then, by the clock. */
  async until<T>(verb: Promise<T>): Promise<T> {
    let isOver = false
    const over = () => {
      isOver = true
    }
    verb.then(over, over)
    while (!isOver) {
      await this.clock.advance(100)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    return verb
  }

  async close(): Promise<void> {
    const closing = this.#receiver?.close({ timeoutMs: 5 })
    await this.clock.advance(10)
    await closing
    this.#receiver = null
  }
}

interface Kind {
  /** In the process that takes the events in. */
  readonly before: (receiver: Receiver, world: World) => void
  /** In the one after it, where the verb is called; the same where it is left out. */
  readonly after?: (receiver: Receiver, world: World) => void
  /** Its name in the second process. */
  readonly name?: string
  readonly isPaused?: boolean
  /** The events were taken in before anybody had registered it. */
  readonly isNew?: boolean
}

const byRecipient = (event: AnyEvent) => event.recipient
const plain: Kind['before'] = (receiver, world) => receiver.on('toy.ping', { name: 'h' }, world.handle)
const ordered: Kind['before'] = (receiver, world) =>
  receiver.on('toy.ping', { name: 'h', orderBy: byRecipient }, world.handle)
const orderedAs =
  (name: string, formerly: readonly string[] = []): Kind['before'] =>
  (receiver, world) =>
    receiver.on('toy.ping', { name, formerly, orderBy: byRecipient }, world.handle)
const nobody: Kind['before'] = () => {}

const KINDS: Readonly<Record<string, Kind>> = {
  on: { before: plain },
  onBatch: { before: (receiver, world) => receiver.onBatch('toy.ping', { name: 'h', maxWaitMs: 5 }, world.handleAll) },
  orderBy: { before: ordered },
  'orderBy that gives no key': {
    before: (receiver, world) => receiver.on('toy.ping', { name: 'h', orderBy: () => null }, world.handle),
  },
  'on, paused meanwhile': { before: plain, isPaused: true },
  'orderBy, paused meanwhile': { before: ordered, isPaused: true },
  'orderBy, since the restart': { before: plain, after: ordered },
  'orderBy, until the restart': { before: ordered, after: plain },
  'orderBy, renamed': { before: orderedAs('h'), after: orderedAs('renamed', ['h']), name: 'renamed' },
  'on, new': { before: nobody, after: plain, isNew: true },
  'orderBy, new': { before: nobody, after: ordered, isNew: true },
}

interface Verb {
  /** Deadly in the first process. */
  readonly dies?: readonly number[]
  /** With a delivery that only the second process can read. */
  readonly isRead?: boolean
  /** Not for handlers that the deliveries do not belong to. */
  readonly ofItsOwn?: boolean
  /** Resolves with the numbers it must bring to the handler. */
  run(receiver: Receiver, world: World, kind: Kind): Promise<readonly number[]>
}

const EVERY = [0, 1, 2, 3]
const FIRST = '[{"type":"ping","n":0,"to":"a"},{"type":"ping","n":1,"to":"a"}]'
const everything = { since: new Date(0) }
const idsOf = async (receiver: Receiver) => {
  for await (const { id } of receiver.inbox.deliveries()) return id
  throw new Error('nothing is stored')
}

const VERBS: Readonly<Record<string, Verb>> = {
  'replay of everything': {
    async run(receiver, _, { isNew, name = 'h' }) {
      const to = isNew ? { to: [name], missed: true as const } : { handler: name }
      expect(await receiver.inbox.replay({ ...everything, ...to })).toMatchObject({ queued: 4 })
      return EVERY
    },
  },
  'replay of one delivery': {
    async run(receiver, _, { isNew, name = 'h' }) {
      const to = isNew ? { to: [name], missed: true as const } : { handler: name }
      expect(await receiver.inbox.replay({ ids: [await idsOf(receiver)], ...to })).toMatchObject({ queued: 2 })
      return [2, 3]
    },
  },
  'retry of a dead letter': {
    dies: [1],
    ofItsOwn: true,
    async run(receiver, world, { name = 'h' }) {
      world.deadly.clear()
      expect(await receiver.inbox.retry({ handler: name })).toMatchObject({ queued: 1 })
      return [1]
    },
  },
  'retry of what died in a replay': {
    async run(receiver, world, { isNew, name = 'h', isPaused }) {
      world.deadly.add(2)
      const to = isNew ? { to: [name], missed: true as const } : { handler: name }
      const { run } = await receiver.inbox.replay({ ...everything, ...to })
      if (isPaused) await receiver.inbox.resume(name)
      await world.rest(receiver)
      if (isPaused) await receiver.inbox.pause(name)
      world.deadly.clear()
      expect(await receiver.inbox.retry({ run })).toMatchObject({ queued: 1 })
      return EVERY
    },
  },
  'replay of what died': {
    dies: [1],
    ofItsOwn: true,
    async run(receiver, world, { name = 'h' }) {
      world.deadly.clear()
      expect(await receiver.inbox.replay({ ...everything, handler: name, outcome: 'dead' })).toMatchObject({
        queued: 1,
      })
      return [1]
    },
  },
  'a repeat that brings dead letters back': {
    dies: [1],
    ofItsOwn: true,
    async run(receiver, world) {
      world.deadly.clear()
      expect(await receiver.inject('shop', FIRST)).toMatchObject({ status: 'duplicate' })
      return [1]
    },
  },
  'retry of quarantine': {
    isRead: true,
    ofItsOwn: true,
    async run(receiver) {
      expect(await receiver.inbox.retry({ outcome: 'quarantined' })).toMatchObject({ queued: 1 })
      return [5]
    },
  },
  reparse: {
    isRead: true,
    ofItsOwn: true,
    async run(receiver) {
      expect(await receiver.inbox.reparse({ all: true })).toMatchObject({ queued: 1 })
      return [5]
    },
  },
  'drop of a replay that failed': {
    async run(receiver, world, { isNew, name = 'h', isPaused }) {
      world.deadly.add(2)
      const to = isNew ? { to: [name], missed: true as const } : { handler: name }
      const { run } = await receiver.inbox.replay({ ...everything, ...to })
      if (isPaused) await receiver.inbox.resume(name)
      await world.rest(receiver)
      await receiver.inbox.drop({ run })
      return [0, 1, 3]
    },
  },
  'an erase of what waits, beside what does not': {
    async run(receiver, world, { name = 'h' }) {
      await receiver.inbox.pause(name)
      await receiver.inject('shop', '[{"type":"ping","n":6,"to":"gone@b.example"},{"type":"ping","n":7,"to":"a"}]')
      await world.clock.advance(2_000)
      expect(await world.until(receiver.inbox.erase({ email: 'gone@b.example' }))).toMatchObject({ queued: 1 })
      await receiver.inbox.resume(name)
      return [7]
    },
  },
  'a new delivery': {
    async run(receiver) {
      await receiver.inject('shop', '[{"type":"ping","n":4,"to":"a"}]')
      return [4]
    },
  },
}

let world: World | null = null
afterEach(() => world?.close())

describe.each(Object.entries(INBOXES))('over the %s inbox', (_inbox, newInbox) => {
  describe.each(Object.entries(KINDS))('a handler with %s', (_kind, kind) => {
    const verbs = Object.entries(VERBS).filter(([, { ofItsOwn }]) => !(ofItsOwn && kind.isNew))
    it.each(verbs)('gets by %s what that says, and nothing is left', async (_verb, verb) => {
      const here = new World(newInbox())
      world = here
      const first = await here.process(kind.before)
      for (const n of verb.dies ?? []) here.deadly.add(n)
      if (verb.isRead) await first.inject('shop', '[{"type":"ping","n":5,"to":"a","bad":1}]')
      await first.inject('shop', FIRST)
      await first.inject('shop', '[{"type":"ping","n":2,"to":"b"},{"type":"ping","n":3}]')
      await here.rest(first)
      const receiver = await here.process(kind.after ?? kind.before)
      const { name = 'h' } = kind
      if (kind.isPaused) await receiver.inbox.pause(name)
      here.seen = []
      const expected = await verb.run(receiver, here, kind)
      if (kind.isPaused) await receiver.inbox.resume(name)
      await here.rest(receiver)
      expect([...here.seen].sort()).toEqual([...expected])
      expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, replays: {} })
    })
  })
})
