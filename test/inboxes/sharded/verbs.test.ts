/** Every verb and look of an operator over shards of which one is away: what is done, what is told, what is refused. */
import { expect, it } from 'vitest'
import { sharded } from '../../../src/inboxes/sharded/index.ts'
import { homeOf } from '../../../src/inboxes/sharded/ring.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { InboxControl } from '../../../src/public/inbox.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { all, receiverIn } from '../../support/receivers.ts'
import { toy } from '../../support/toy.ts'
import { faulty } from './faulty.ts'

const JO = 'jo@shop.example'
/** Sources of which each belongs to the shard in its place. */
const SOURCES = [0, 1].map((place) => {
  for (let n = 0; ; n++) if (homeOf(`shop${n}`, ['takes', 'takes']).place === place) return `shop${n}`
})

/** Its sources are made of names that only the test knows. */
type Injecting = { inject(source: string, body: string): Promise<unknown> }

/** Two shards with the same in each: so many deliveries of one event that has died for "a", and one element in quarantine. */
async function used(count = 6) {
  const clock = new FakeClock()
  const shards = [faulty(), faulty()] as const
  const inbox = sharded({ inboxes: shards.map((shard) => shard.inbox), by: 'source' })
  const sources = Object.fromEntries(SOURCES.map((name) => [name, toy()]))
  const options = { inbox, sources, handlers: { retry: { attempts: 1 } }, retention: { bodies: 60_000 } }
  const receiver = receiverIn(clock, options)
  let isDown = true
  const replayed: string[] = []
  receiver.on('*', { name: 'a' }, ({ id, isReplay }) => {
    if (isReplay) replayed.push(id)
    if (isDown) throw new Error('down')
  })
  await receiver.start()
  for (let n = 0; n < count; n++)
    for (const source of SOURCES)
      await (receiver as Injecting).inject(source, JSON.stringify([{ type: 'ping', n, to: JO }, { bad: n }]))
  await receiver.whenIdle()
  const rows = async () => {
    const [first, second] = await Promise.all(
      shards.map(async ({ inbox: one }) => {
        const { deadLetters, quarantined } = await one[port].records.stats()
        return { deadLetters, quarantined }
      }),
    )
    return [first, second]
  }
  return {
    ...{ clock, shards, receiver, control: receiver.inbox, replayed, rows, inbox },
    mend: () => {
      isDown = false
    },
  }
}

const COUNT = 6
/** Of the shard that answers; null: it is refused. */
const VERBS: ReadonlyArray<
  readonly [what: string, run: (control: InboxControl) => Promise<unknown>, told: object | null]
> = [
  ['retry', (c) => c.retry({ outcome: 'dead' }), { matched: COUNT, queued: COUNT, missingShards: [1] }],
  ['retry, dry', (c) => c.retry({ all: true }, { dryRun: true }), { matched: 2 * COUNT, missingShards: [1] }],
  ['retry, bounded', (c) => c.retry({ all: true }, { atMost: 99 }), { matched: 2 * COUNT, missingShards: [1] }],
  ['drop', (c) => c.drop({ outcome: 'dead' }), { matched: COUNT, queued: COUNT, missingShards: [1] }],
  ['drop of a handler', (c) => c.drop({ handler: 'a' }), null],
  ['replay', (c) => c.replay({ all: true }), { matched: 2 * COUNT, queued: 2 * COUNT, missingShards: [1] }],
  ['replay of dead letters', (c) => c.replay({ outcome: 'dead' }), { matched: COUNT, missingShards: [1] }],
  ['replay, bounded', (c) => c.replay({ all: true }, { atMost: 99 }), { missingShards: [1] }],
  ['reparse', (c) => c.reparse({ all: true }), { matched: 0, queued: 0, missingShards: [1] }],
  ['erase', (c) => c.erase({ email: JO }), null],
  ['pause', (c) => c.pause('a'), null],
  ['resume', (c) => c.resume('a'), null],
  ['prune', (c) => c.prune(), { bodies: 0, deliveries: 0, missingShards: [1] }],
  ['stats', (c) => c.stats(), { deadLetters: COUNT, quarantined: COUNT, missingShards: [1] }],
  ['deliveries', (c) => all(c.deliveries()), { length: COUNT }],
  ['dead letters', (c) => all(c.deadLetters()), { length: COUNT }],
  ['quarantine', (c) => all(c.quarantine()), { length: COUNT }],
  ['events', (c) => all(c.events({ since: new Date(0) })), { length: COUNT }],
  ['delivery of nobody', (c) => c.delivery('d_nobody'), null],
  ['export', (c) => all(c.export({ email: JO })), null],
  ['backup', (c) => c.backup('/nowhere/copy.db'), null],
]

it.each(VERBS)('%s', async (_what, run, told) => {
  const here = await used(COUNT)
  const { shards, control, clock, receiver } = here
  const [, away] = shards
  away.is('away')
  const before = await control.stats()
  expect(before.missingShards).toEqual([1])
  if (told === null)
    await expect(run(control)).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_(?:INBOX_IO|OPTION)$/) })
  else expect(await run(control)).toMatchObject(told)
  away.is('well')
  clock.advance(6_000)
  // Nothing was done where it was away.
  expect((await here.rows())[1]).toEqual({ deadLetters: COUNT, quarantined: COUNT })
  await receiver.close()
})

it('prunes the shards that answer, whichever is away, and names the others', async () => {
  for (const place of [0, 1]) {
    const { shards, control, clock, receiver } = await used()
    await control.drop({ all: true })
    await clock.advance(120_000)
    shards[place]?.is('away')
    const report = await control.prune()
    expect(report).toMatchObject({ bodies: COUNT, missingShards: [place] })
    shards[place]?.is('well')
    await clock.advance(6_000)
    const rest = await control.prune()
    expect(rest).toMatchObject({ bodies: COUNT })
    expect(rest).not.toHaveProperty('missingShards')
    for (const shard of shards) shard.is('away')
    await expect(control.prune()).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
    for (const shard of shards) shard.is('well')
    await receiver.close()
  }
})

it('ends what waits for a handler in every shard that answers, before it says that one does not', async () => {
  const { shards, inbox, receiver, control } = await used()
  await control.pause('a')
  const { run } = await control.replay({ outcome: 'dead' })
  shards[0].is('away')
  await expect(control.drop({ run })).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
  const left = async (place: number) => (await shards[place]?.inbox[port].records.stats())?.replays[run]
  expect(await left(1)).toBeUndefined()
  shards[0].is('well')
  expect(await left(0)).toBe(COUNT)
  await control.drop({ run })
  expect(await left(0)).toBeUndefined()
  expect(inbox.kind).toBe('sharded')
  await receiver.close()
})

it('goes on without a shard that was away once, so that nothing of it is replayed in part', async () => {
  const { shards, control, inbox, replayed, mend, receiver } = await used(1_200)
  mend()
  const { records } = inbox[port]
  const history = records.history.bind(records)
  let pages = 0
  records.history = async (page) => {
    // Away for the first page, and back for all others.
    shards[1].is(++pages === 1 ? 'away' : 'well')
    return history(page)
  }
  expect(await control.replay({ all: true })).toMatchObject({ missingShards: [1] })
  expect(pages).toBeGreaterThan(1)
  await receiver.whenIdle()
  expect(replayed.length).toBe(1_200)
  expect(new Set(replayed).size).toBe(1_200)
  await receiver.close()
})

it('replays all of a shard that answers late, each event once', async () => {
  const { shards, control, inbox, replayed, mend, clock, receiver } = await used(1_200)
  mend()
  const { records } = inbox[port]
  const history = records.history.bind(records)
  records.history = async (page) => {
    shards[1].is('hangs')
    const rows = history(page)
    await clock.advance(2_000)
    shards[1].is('well')
    return rows
  }
  const report = await control.replay({ all: true })
  expect(report.missingShards).toBeUndefined()
  await receiver.whenIdle()
  expect(replayed.length).toBe(2_400)
  expect(new Set(replayed).size).toBe(2_400)
  await receiver.close()
})
