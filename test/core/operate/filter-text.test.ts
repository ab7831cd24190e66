import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { FilterError, type Receiver } from '../../../src/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { send } from '../../support/neutral.ts'
import { all, receiverIn } from '../../support/receivers.ts'
import { toy } from '../../support/toy.ts'

const START = Date.UTC(2026, 5, 15)
const HOUR = 3_600_000
let clock: FakeClock
let receiver: Receiver<never>

/** Of each source a delivery with a dead letter and an element in quarantine; that of outlet two hours later. */
beforeEach(async () => {
  clock = new FakeClock(START)
  const sources = { shop: toy(), outlet: toy() }
  const made = receiverIn(clock, { inbox: memory(), sources, handlers: { retry: { attempts: 1 } } })
  made.on('*', { name: 'fails' }, () => {
    throw new Error('no')
  })
  made.on('toy.pong', { name: 'also' }, () => {
    throw new Error('no')
  })
  receiver = made as unknown as Receiver<never>
  await send(made, { body: '[{"type":"ping"},{"bad":1}]' })
  await made.whenIdle()
  await clock.advance(2 * HOUR)
  await send(made, { source: 'outlet', body: '[{"type":"pong"},{"bad":1}]' })
  await made.whenIdle()
})

afterEach(() => receiver.close())

const letters = async (filter: string) =>
  (await all(receiver.inbox.deadLetters({ filter }))).map(({ event, handler }) => `${event.source} ${handler}`)

async function refusal(run: Promise<unknown>): Promise<FilterError> {
  const thrown = await run.then(
    () => null,
    (error: unknown) => error,
  )
  if (thrown instanceof FilterError) return thrown
  throw new Error('not refused', { cause: thrown })
}

describe('a filter as a text', () => {
  it.each([
    ['source:shop', ['shop fails']],
    ['-source:shop', ['outlet also', 'outlet fails']],
    ['source:shop,outlet -handler:also', ['outlet fails', 'shop fails']],
    ['handler:also', ['outlet also']],
    ['since:1h', ['outlet also', 'outlet fails']],
    ['until:1h', ['shop fails']],
    ['provider:toy attempts:1', ['outlet also', 'outlet fails', 'shop fails']],
    ['attempts:>1', []],
    ['test:yes', []],
    ['', ['outlet also', 'outlet fails', 'shop fails']],
  ])('%s lists these dead letters', async (filter, expected) => {
    expect((await letters(filter)).sort()).toEqual(expected)
  })

  it('lists deliveries and quarantine', async () => {
    const { inbox } = receiver
    const deliveries = async (filter: string) => (await all(inbox.deliveries({ filter }))).map(({ source }) => source)
    expect(await deliveries('-source:outlet kept:all left:no dup:0 size:>1B')).toEqual(['shop'])
    expect(await deliveries('dup:>0')).toEqual([])
    expect((await all(inbox.quarantine({ filter: '-source:shop' }))).map(({ source }) => source)).toEqual(['outlet'])
  })

  it('takes the ids of what it lists', async () => {
    const [letter] = await all(receiver.inbox.deadLetters({ filter: 'source:shop' }))
    const found = await all(receiver.inbox.deadLetters({ filter: letter?.event.id ?? '' }))
    expect(found.map(({ event }) => event.id)).toEqual([letter?.event.id])
  })

  it('narrows what verbs act on, and nothing beyond', async () => {
    const { inbox } = receiver
    expect(await inbox.retry({ filter: 'source:shop' }, { dryRun: true })).toMatchObject({ matched: 2 })
    expect(await inbox.drop({ filter: '-source:shop' }, { dryRun: true })).toMatchObject({ matched: 3 })
    // Quarantine has no type.
    expect(await inbox.drop({ filter: '-type:unknown' }, { dryRun: true })).toMatchObject({ matched: 3 })
    expect(await inbox.drop({ filter: 'handler:also since:1h' })).toEqual({ matched: 1, queued: 1 })
    expect(await letters('')).toHaveLength(2)
    expect(await inbox.replay({ filter: 'source:shop since:3h' }, { dryRun: true })).toMatchObject({ matched: 2 })
  })

  it('stands beside the fields that it does not give itself', async () => {
    const { inbox } = receiver
    expect(await inbox.retry({ filter: 'since:1h', handler: 'also' }, { dryRun: true })).toMatchObject({ matched: 1 })
    await expect(inbox.retry({ filter: 'handler:also', handler: 'also' })).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await expect(inbox.drop({ filter: '' })).rejects.toMatchObject({ code: 'ERR_OPTION' })
    const everything = { filter: '-source:shop', all: true } as unknown as { all: true }
    await expect(inbox.drop(everything)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })

  it.each([
    ['source:shpo', 0, 'shop'],
    ['since:1h handler:failz', 9, 'fails'],
    ['name:toy.pingg', 0, 'toy.ping'],
    ['provider:toi', 0, 'toy'],
    ['run:first', 0, null],
  ])('refuses %s at its place, with the nearest name', async (filter, start, nearest) => {
    expect(await refusal(receiver.inbox.retry({ filter }))).toMatchObject({ code: 'ERR_FILTER', start, nearest })
  })

  it('refuses keys that a verb does not have, naming those that it has', async () => {
    const { inbox } = receiver
    const cases: [Promise<unknown>, number][] = [
      [all(inbox.deliveries({ filter: 'source:shop type:ping' })), 12],
      [all(inbox.quarantine({ filter: 'handler:fails' })), 0],
      [inbox.replay({ filter: 'since:1h bounce:hard' }), 9],
      [inbox.replay({ filter: '-source:shop' }), 0],
      [inbox.reparse({ filter: 'source:shop,outlet' }), 0],
      [inbox.erase({ email: 'jo@shop.example', filter: 'd_abc' }), 0],
      [inbox.drop({ filter: 'outcome:done' }), 0],
    ]
    for (const [run, start] of cases) expect(await refusal(run)).toMatchObject({ code: 'ERR_FILTER', start })
  })
})
