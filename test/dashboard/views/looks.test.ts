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

it('says when each item of quarantine was set aside, among the newest troubles, too', async () => {
  const { receiver, clock, database } = await begin({ traffic: 'none' })
  const began = clock.now()
  await deliver(receiver as never, 'shop' as never, [{ bad: 1 }])
  await clock.advance(60_000)
  database.isDown = true
  await deliver(receiver as never, 'shop' as never, [{ type: 'delivery', message_id: 'm', event_id: 'e' }])
  await clock.advance(60_000)
  await deliver(receiver as never, 'shop' as never, [{ bad: 2 }])
  const at = (minutes: number) => new Date(began + minutes * 60_000)
  expect((await all(receiver.inbox.quarantine())).map(({ since }) => since)).toEqual([at(2), at(0)])
  const { data } = await look('?view=quarantine')
  expect(data.rows).toMatchObject([{ since: at(2).toISOString() }, { since: at(0).toISOString() }])
  expect(data.groups).toMatchObject([{ count: 2, firstAt: at(0).toISOString(), lastAt: at(2).toISOString() }])
  const { troubles } = (await look('?view=now')).data as { troubles: readonly { kind: string; at: string }[] }
  expect(troubles.map((one) => [one.kind, one.at])).toEqual([
    ['quarantine', at(2).toISOString()],
    ['dead', at(1).toISOString()],
    ['quarantine', at(0).toISOString()],
  ])
})

describe('the view of a person', () => {
  it('shows what the words beside the address let through, and says that this is not all', async () => {
    const { receiver } = await begin({ traffic: 'none' })
    const of = (type: string, n: number) => ({
      type,
      message_id: `m${n}`,
      rcpt_to: 'jo@shop.example',
      event_id: `e${n}`,
    })
    await deliver(receiver as never, 'shop' as never, [of('delivery', 1), of('spam_complaint', 2), of('delivery', 3)])
    const [{ key = '' } = {}] = (await look('?view=events&range=24h')).data.rows as readonly { key?: string }[]
    const whole = await look(`?view=person&key=${key}`)
    const delivered = await look(`?view=person&key=${key}&filter=type:delivered`)
    const names = ({ data }: Answer) => (data.events as readonly { name: string }[]).map(({ name }) => name)
    expect(names(whole)).toHaveLength(3)
    expect(names(delivered)).toEqual(['momentum.delivery', 'momentum.delivery'])
    expect([whole.partial, delivered.partial]).toEqual([null, expect.stringContaining('type:delivered')])
    expect(await page(`?view=person&key=${key}&filter=type:delivered`)).not.toContain('nothing stored speaks against')
    expect((await look(`?view=person&key=${key}&filter=type:nonsense`)).status).toBe(400)
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
    seed(shared, tallied)
    expect(tallied.length).toBeGreaterThan(0)
    expect(shared.window.sum('dead:warehouse', 15, made.clock.now())).toBe(
      tallied.reduce((sum, { count }) => sum + count, 0),
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
    const shown = await page('?view=events&filter=tpye:bounced')
    expect(shown).toContain('<mark>tpye</mark>:bounced')
    // Said once, with a way there.
    expect(shown.match(/did you mean/gi)).toHaveLength(1)
    expect(shown).toContain('href="?view=events&amp;filter=type%3Abounced"')
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

describe('the page of a run', () => {
  it('has beside it what is the case after it, not before', async () => {
    const { url, clock } = await begin()
    const { origin } = new URL(url)
    const headers = { origin, 'sec-fetch-site': 'same-origin' }
    const post = (fields: Record<string, string>) =>
      fetch(`${url}?do=drop&as=json`, {
        method: 'POST',
        headers,
        body: new URLSearchParams(fields),
        redirect: 'manual',
      })
    const { data } = (await (await post({ filter: 'handler:warehouse' })).json()) as { data: Record<string, string> }
    expect((await look('?view=dead')).frame.counts.dead).toBe(data.matched)
    await clock.advance(1_000)
    const { matched = '', token = '' } = data
    const done = await post({ filter: 'handler:warehouse', matched, token, confirm: String(matched) })
    const { frame, data: run } = await look(done.headers.get('location') ?? '')
    expect([run.state, frame.counts.dead]).toEqual(['done', 0])
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

describe('a delivery of which something is in quarantine', () => {
  const quarantined = async () => {
    const [item] = (await all(made.receiver.inbox.quarantine())).filter(({ path }) => path?.endsWith('bounce_class'))
    const address = `?view=delivery&id=${item?.deliveryId}`
    const rows = (await look(address)).data.quarantined as readonly { path: string; around: object | null }[]
    return { rows, odd: rows.find(({ path }) => path.endsWith('bounce_class')), shown: await page(address) }
  }

  it('has what came at its place in the element, beside what was expected, and whether it reads now', async () => {
    await begin()
    const { odd, rows, shown } = await quarantined()
    expect(odd).toMatchObject({
      reason: expect.stringMatching(/^\w+\.bounce: expected /),
      came: '{"odd":true}',
      around: {
        before: expect.stringContaining('"timestamp": "not a time",\n      "bounce_class": '),
        after: '\n    }\n  }\n}',
      },
      readsNow: null,
    })
    expect(shown).toContain('<mark>{&quot;odd&quot;:true}</mark>')
    expect(rows.find(({ path }) => path === '/msys')).toMatchObject({ came: '7', around: { before: '{\n  "msys": ' } })
  })

  it('has the kinds alone of what came, for those who may not see bytes', async () => {
    await begin({ access: { people: 'clear' } })
    expect((await quarantined()).odd).toMatchObject({
      came: '{"odd":"(boolean)"}',
      around: { before: expect.stringContaining('"timestamp": "(text)"') },
    })
    expect((await made.receiver.inbox.actions()).filter(({ verb }) => verb === 'bytes')).toEqual([])
  })
})

describe('a sender', () => {
  it('has what it waits for its answers, of those that this process has given', async () => {
    await begin()
    const { acks, ackLimitMs } = (await look('?view=sender&source=shop')).data as {
      acks: { p99Ms: number; of: number }
      ackLimitMs: number
    }
    expect(acks.of).toBeGreaterThan(100)
    expect(acks.p99Ms).toBeLessThan(ackLimitMs)
    await made.close()
    await begin({ traffic: 'none' })
    expect((await look('?view=sender&source=shop')).data.acks ?? null).toBeNull()
  })
})

describe('bounces by receiving domain', () => {
  it('are counted when somebody asks, of people who are masked, too', async () => {
    await begin({ access: {} })
    expect((await look('?view=bounces')).data.domains).toBeNull()
    const { data } = await look('?view=bounces&domains=1')
    const { of, rows } = data.domains as {
      of: number
      rows: readonly { domain: string; count: number; suppress: number }[]
    }
    const since = new Date(made.clock.now() - 86_400_000)
    const bounced = (await all(made.receiver.inbox.events({ type: 'bounced', since } as never))).length
    expect([of, rows.reduce((sum, { count }) => sum + count, 0)]).toEqual([bounced, bounced])
    expect(rows.map(({ domain }) => domain).sort()).toEqual(['firma.example', 'mail.example', 'shop.example'])
    expect(rows.reduce((sum, { suppress }) => sum + suppress, 0)).toBeGreaterThan(0)
    expect(await page('?view=bounces&domains=1')).toContain('By receiving domain')
  })
})

describe('texts of strangers in a page', () => {
  it('end no script and begin no comment: the state of a page stands in an attribute (D8)', async () => {
    await begin({ traffic: 'naughty' })
    const shown = await page('?view=bounces')
    expect(shown.match(/<script\b[^>]*>/g)).toEqual([expect.stringContaining('src="?asset=')])
    expect([...shown.matchAll(/<!--|<\/script|<iframe|<svg\/on/g)].map(([found]) => found)).toEqual(['</script'])
    const [, state = ''] = shown.match(/data-state="([^"]*)"/) ?? []
    const parsed = JSON.parse(state.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&'))
    expect(parsed.data.newest.map(({ reply }: { reply: string }) => reply)).toEqual(
      expect.arrayContaining(NAUGHTY.filter((one) => one.length < 2_000)),
    )
  })

  it('are cut in lists (D9)', async () => {
    await begin({ traffic: 'naughty' })
    const { data } = await look('?view=bounces')
    const longest = Math.max(...(data.newest as readonly { reply: string }[]).map(({ reply }) => reply.length))
    expect([longest > 2_000, longest < 2_100]).toEqual([true, true])
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
