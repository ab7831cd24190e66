/** The contract of inboxes over two shards, but for what an inbox of several logs does not promise: each with its reason. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { MemoryInbox } from '../../../src/inboxes/memory/inbox.ts'
import { MemoryStore } from '../../../src/inboxes/memory/store.ts'
import { PostgresInbox } from '../../../src/inboxes/postgres/inbox.ts'
import { sharded } from '../../../src/inboxes/sharded/index.ts'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { Inbox } from '../../../src/ports/inbox/index.ts'
import { describeInbox } from '../../contracts/inbox.ts'
import { describeGuarantees } from '../../contracts/inbox-guarantees.ts'
import { describeLook } from '../../contracts/inbox-look.ts'
import { describeMemos } from '../../contracts/inbox-memos.ts'
import { describeOrder } from '../../contracts/inbox-order.ts'
import { describeProgress } from '../../contracts/inbox-progress.ts'
import { describeReplays } from '../../contracts/inbox-replay.ts'
import type { Store } from '../../contracts/inbox-store.ts'
import { describeUpkeep } from '../../contracts/inbox-upkeep.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { newSchema, settingsFor } from '../postgres/store.ts'
import { TestInbox } from '../test-inbox.ts'
import { densely, Numbers } from './dense.ts'

type By = 'delivery' | 'source'

const excusedFor = (reason: string, names: readonly string[]) => Object.fromEntries(names.map((name) => [name, reason]))

const ALWAYS = {
  ...excusedFor('it has no ordering: handlers with orderBy are refused', [
    'wakes the first parked rows of a key, so many of its first delivery, and says which keys have rows',
    'wakes nothing behind a row that waits for its time',
    'wakes nothing behind such a row either where a parked one lies before it in its delivery',
    'a wake that comes again, or late, changes nothing',
    'tells the keys at the opening, and wakes none before it is asked to',
    'waits for its time as before where both have an order',
    'says which handlers have unread rows beyond those under claim',
    'says so of a handler that is not asked for, whose unread rows lie where another has due ones',
    'gives of a delivery nothing behind what a process died over, before that, when its handler got an order since',
    'gives unread rows, and rows of a key after them',
    'says that unread rows are left where a claim takes very many',
    'says whether first passes are left that were given back',
  ]),
  ...excusedFor('a shard has no more than its share of a large claim', [
    'reaches over long stretches that filters pass over',
  ]),
  ...excusedFor('numbers of actions have gaps', [
    'keeps counts, uses and actions when it is opened again, and after a crash',
  ]),
}

const BY_DELIVERY = {
  ...ALWAYS,
  ...excusedFor('there is no order between the logs', [
    'keeps to the number of deliveries and to the bytes',
    'takes due work and new deliveries in turn',
    'are claimed when they are due, the longest due first, and tell when the next is',
    'keeps the number of events of a delivery',
    'of deliveries go newest first, page by page, without bodies',
    'of dead letters are narrowed by source, handler and time, page by page',
    'of the quarantine are narrowed by source and time, page by page',
    'belongs to the handlers of now, those before it to those of their own first claim',
    'gives what was claimed first, with care and nothing else beside it, in order',
    'gives together only as many as are small, and as were asked for',
    'gives what was under way in the death alone',
    'gives work rows that were claimed with care, and others without',
    'waits with what needs care until nothing else is under way',
    'stays careful until it is settled, also when it is given back or left in order',
    'lists the deliveries whose trace has the bytes, and those of which nobody knows',
    'gives unread rows in the order of the log, whatever their time, and those of others as they fall due',
    'gives no row of a key before unread ones are claimed, nor from a delivery that is not asked for',
    'knows whose each delivery is, also when it was claimed ahead, and after a renaming',
  ]),
  ...excusedFor('each shard counts its own', ['tells 100 labels of a source apart, and 200 words of a kind']),
  ...excusedFor('it keeps no keys of events: sources with dedupeEvents are refused', [
    'are those of the delivery that settled them first, durably, and of its window only',
    'are forgotten when their event has died',
    'survive a clock that is set back',
    'has its events absorb copies at once, and those that died none',
    'forgets no key that another delivery has taken over',
    'knows copies of events for as long as without the leap',
    'keeps the keys of events',
  ]),
}

/** `shards` gives those of the next opening. */
function storeOf(by: By, shards: () => readonly Inbox[], rest: Pick<Store, 'crash' | 'remove'>): Store {
  const numbers = new Numbers()
  return {
    next: () => new TestInbox(densely(sharded({ inboxes: shards(), by })[port], numbers, by === 'delivery')),
    ...rest,
    excused: by === 'delivery' ? BY_DELIVERY : ALWAYS,
  }
}

const memoryBy = (by: By) => () => {
  const stores = [new MemoryStore(), new MemoryStore()]
  const shards = () => stores.map((kept) => ({ kind: 'memory', [port]: new MemoryInbox(kept) }))
  return storeOf(by, shards, { crash: async () => {}, remove: async () => {} })
}

interface Files {
  /** Those of the next opening. */
  shards(): readonly Inbox[]
  /** What was written lies in another folder then, as the disk has it. */
  crash(): Promise<void>
  remove(): Promise<void>
}

function filesOf(names: readonly string[]): Files {
  const newFolder = () => mkdtempSync(join(tmpdir(), 'posthorn-'))
  const folders = [newFolder()]
  let open: readonly Inbox[] = []
  return {
    shards() {
      open = names.map((name) => sqlite({ path: join(folders.at(-1)!, name) }))
      return open
    },
    async crash() {
      const [from, to] = [folders.at(-1)!, newFolder()]
      for (const name of names.flatMap((one) => [one, `${one}-wal`]))
        if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name))
      folders.push(to)
      for (const inbox of open) await inbox[port].close()
    },
    async remove() {
      for (const folder of folders) rmSync(folder, { recursive: true })
    },
  }
}

function sqliteBySource(): Store {
  const { shards, ...rest } = filesOf(['one.db', 'two.db'])
  return storeOf('source', shards, rest)
}

for (const by of ['source', 'delivery'] as const) {
  const newStore = memoryBy(by)
  const name = `sharded by ${by}, of memory`
  describeInbox(name, newStore)
  describeGuarantees(name, newStore)
  describeLook(name, newStore)
  describeMemos(name, newStore)
  describeOrder(name, newStore)
  describeProgress(name, newStore)
  describeReplays(name, newStore)
  describeUpkeep(name, newStore)
}

describeInbox('sharded by source, of SQLite', sqliteBySource)

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
  }, 60_000)
  afterAll(() => server.remove(), 60_000)

  function postgresIn(schemas: readonly string[]) {
    let open: readonly PostgresInbox[] = []
    return {
      shards(): readonly Inbox[] {
        open = schemas.map((schema) => new PostgresInbox(settingsFor(server, schema)))
        return open.map((inbox) => ({ kind: 'postgres', [port]: inbox }))
      },
      async crash() {
        for (const inbox of open) await inbox.die()
      },
    }
  }

  describeInbox('sharded by source, of PostgreSQL', () => {
    const { shards, crash } = postgresIn([newSchema(), newSchema()])
    return storeOf('source', shards, { crash, remove: async () => {} })
  })

  describeInbox('sharded by source, of SQLite and PostgreSQL', () => {
    const [files, databases] = [filesOf(['one.db']), postgresIn([newSchema()])]
    const crash = async () => {
      await files.crash()
      await databases.crash()
    }
    return storeOf('source', () => [...files.shards(), ...databases.shards()], { crash, remove: files.remove })
  })
})
