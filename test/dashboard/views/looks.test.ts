/** What views load, asked as data: pages that lose nothing, states, rights. */
import { afterEach, describe, expect, it } from 'vitest'
import { seed } from '../../../src/alerts/seed.ts'
import { Shared } from '../../../src/alerts/shared.ts'
import { deliver } from '../../../src/testing/index.ts'
import { all } from '../../support/receivers.ts'
import { addressesOf, NAUGHTY, type World, type WorldOptions, world } from '../browser/world.ts'

interface Answer {
  readonly status: number
  readonly view: string
  readonly data: Readonly<Record<string, unknown>>
  readonly frame: { readonly verdict: string; readonly findings: number; readonly counts: Record<string, number> }
  readonly next: string | null
  readonly partial: string | null
}

let made: World

const begin = async (options: WorldOptions = {}) => {
  made = await world(options)
  return made
}

afterEach(() => made.close())

async function look(address: string): Promise<Answer> {
  const answer = await fetch(`${made.url}${address}${address.includes('?') ? '&' : '?'}as=json`)
  return { status: answer.status, ...((await answer.json()) as Omit<Answer, 'status'>) }
}

const page = async (address: string): Promise<string> =>
  await (await fetch(`${made.url}${address}`, { headers: { accept: 'text/html' } })).text()

/** The rows of all pages. */
async function paged(address: string, nameOf: (row: never) => string): Promise<string[]> {
  const names: string[] = []
  for (let after: string | null = ''; after !== null; ) {
    const { data, next }: Answer = await look(`${address}${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`)
    names.push(...(data.rows as readonly never[]).map(nameOf))
    after = next
  }
  return names
}

describe('pages of a view', () => {
  it('have each delivery, event, dead letter and item of quarantine once', async () => {
    const { receiver, database } = await begin({ traffic: 'none' })
    database.isDown = true
    const ping = (i: number) => ({
      type: 'delivery',
      message_id: `m${i}`,
      rcpt_to: `a${i}@shop.example`,
      event_id: `e${i}`,
    })
    for (let i = 0; i < 120; i++)
      await deliver(receiver as never, 'shop' as never, [ping(2 * i), ping(2 * i + 1), { bad: i }])
    const { inbox } = receiver
    const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id)
    expect(await paged('?view=deliveries', ({ id }: { id: string }) => id)).toEqual(ids(await all(inbox.deliveries())))
    const events = await all(inbox.events({ since: new Date(0) }))
    expect(events.length).toBeGreaterThan(200)
    expect(await paged('?view=events&range=24h', ({ id }: { id: string }) => id)).toEqual(ids(events))
    const letters = await all(inbox.deadLetters())
    expect(letters.length).toBeGreaterThan(100)
    expect(await paged('?view=dead&filter=handler:warehouse', ({ id }: { id: string }) => id)).toEqual(
      letters.map(({ event }) => event.id),
    )
    const items = await all(inbox.quarantine())
    expect(items.length).toBeGreaterThan(100)
    const nameOf = (row: { deliveryId: string; index: number }) => `${row.deliveryId}.${row.index}`
    expect(await paged('?view=quarantine', nameOf)).toEqual(items.map((item) => nameOf(item as never)))
  })
})

describe('the frame', () => {
  it('says what is wrong, with the numbers of stats', async () => {
    const { receiver } = await begin()
    const { frame, data } = await look('?view=now')
    const stats = await receiver.inbox.stats()
    expect(frame).toMatchObject({
      verdict: 'look',
      counts: { dead: stats.deadLetters, quarantine: stats.quarantined, pending: stats.pending, paused: 1 },
    })
    expect((data.findings as readonly { id: string }[]).map(({ id }) => id)).toEqual(
      expect.arrayContaining(['dead_letters', 'handler_paused']),
    )
  })

  it('counts what an earlier process has counted', async () => {
    const { receiver } = await begin()
    const tallied = (await all(receiver.inbox.tallies({ step: 'minute' }))).filter(
      ({ word, at }) => word === 'dead:warehouse' && +at > made.clock.now() - 900_000,
    )
    const shared = new Shared()
    seed(shared, tallied, made.clock.now())
    const before = tallied.filter(({ at }) => +at < Math.floor(made.clock.now() / 60_000) * 60_000)
    expect(before.length).toBeGreaterThan(0)
    expect(shared.window.sum('dead:warehouse', 15, made.clock.now())).toBe(
      before.reduce((sum, { count }) => sum + count, 0),
    )
  })

  it('tells that nothing has ever come', async () => {
    await begin({ traffic: 'none' })
    expect(await page('?view=now')).toContain('Nothing has come yet')
  })
})

describe('states', () => {
  it('say where a filter is not understood, and what was most likely meant', async () => {
    await begin({ traffic: 'none' })
    const { status, view, data } = await look('?view=events&filter=tpye:bounced')
    expect({ status, view }).toEqual({ status: 400, view: 'refused' })
    expect(data).toMatchObject({ start: 0, end: 4, nearest: 'type', q: 'tpye:bounced' })
    expect(await page('?view=events&filter=tpye:bounced')).toContain('<mark>tpye</mark>:bounced')
  })

  it.each([
    '?view=nothing',
    '?view=delivery&id=d_aaaaaaaaaaaaaaaaaaaaaaaaaa',
    '?view=event&id=d_aaaaaaaaaaaaaaaaaaaaaaaaaa.1',
    '?view=message&id=none',
    '?view=person&key=abc',
    '?view=sender&source=none',
  ])('answer 404 with a page for %s', async (address) => {
    await begin({ traffic: 'none' })
    expect((await look(address)).status).toBe(404)
    expect(await page(address)).toContain('<h1>')
  })

  it('refuse an address in the address of a page, also in a filter', async () => {
    await begin({ traffic: 'none' })
    expect((await look('?view=events&filter=to:"jo"')).status).toBe(400)
  })

  it('go on where a row is gone that a page ended with: they say so', async () => {
    const { receiver } = await begin()
    const [letter] = await all(receiver.inbox.deadLetters())
    await receiver.inbox.drop({ handler: 'warehouse' })
    const { status } = await look(`?view=dead&after=${encodeURIComponent(`${letter?.event.id} warehouse`)}`)
    expect(status).toBe(400)
  })
})

describe('rights', () => {
  it('without verbs there is no form but the search, and a line says what is missing', async () => {
    await begin({ access: { people: 'clear' } })
    for (const address of Object.values(addressesOf(made))) {
      const shown = await page(address)
      expect(
        [...shown.matchAll(/<form\b[^>]*method="post"[^>]*action="([^"]*)"/g)].map(([, action]) => action),
      ).toEqual(['?search'])
    }
    expect(await page('?view=dead')).toContain('You may not retry, drop here')
  })

  it('without bytes there are none, and with them they are there as text', async () => {
    await begin({ access: { people: 'clear' } })
    const address = addressesOf(made).delivery ?? ''
    expect((await look(address)).data).toMatchObject({ text: null, hex: null })
    await made.close()
    await begin()
    expect((await look(addressesOf(made).delivery ?? '')).data.text).toContain('"message_event"')
  })
})

describe('the life of a message', () => {
  it('is in the order in which it happened, and a bounce after the delivery is told apart', async () => {
    await begin()
    const { data } = await look('?view=message&id=m-of-jo')
    expect((data.events as readonly { type: string }[]).map(({ type }) => type)).toEqual([
      'queued',
      'deferred',
      'delivered',
      'opened',
      'clicked',
      'bounced',
    ])
    expect(await page('?view=message&id=m-of-jo')).toContain('delivered, then bounced out of band')
  })
})

describe('a mail that came in', () => {
  it('is shown as text, its HTML too', async () => {
    await begin({ traffic: 'naughty' })
    const address = addressesOf(made).event ?? ''
    expect((await look(address)).data.mail).toMatchObject({ subject: NAUGHTY[0], html: NAUGHTY[3] })
    const shown = await page(address)
    expect(shown).toContain('Its HTML, as text')
    expect(shown).not.toContain('<script>')
    expect(shown).not.toContain('<img')
  })
})
