/** What strangers write to make the dashboard tell, stand still, or not answer. */
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { pages } from '../../src/adapters/node.ts'
import { unauthenticated } from '../../src/auth/index.ts'
import { replaceEverywhere } from '../../src/dashboard/addresses.ts'
import { cellOf } from '../../src/dashboard/forms.ts'
import { dashboard } from '../../src/dashboard/index.ts'
import { maskedControl } from '../../src/dashboard/mask.ts'
import { redactedBody } from '../../src/dashboard/redact.ts'
import type { LookControl } from '../../src/dashboard/types.ts'
import { gather } from '../../src/dashboard/views/load/loading.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { createReceiver } from '../../src/index.ts'
import { boardDoor } from '../../src/lib/symbols.ts'
import { momentum, momentumRelay } from '../../src/providers/momentum/index.ts'
import { deliver, sampleEvent } from '../../src/testing/index.ts'
import { all } from '../support/receivers.ts'
import { world } from './browser/world.ts'
import { Asking, endAll, ends, OWN, receiving } from './kit.ts'

afterEach(endAll)

const EVENT = {
  ...{
    nativeType: 'ping',
    name: 'toy.ping',
    delivery: { batchId: null },
    email: null,
    recipient: null,
    channel: 'email',
  },
  ...{ messageId: null, transmissionId: null, senderEventId: null, tags: [], metadataIssues: null },
}

const redacted = (text: string) => Buffer.from(redactedBody(Buffer.from(text), () => '…')).toString()

describe('bytes without addresses', () => {
  it.each([
    '[jo@shop.example',
    "{'email':'jo@shop.example'}",
    '{"text":"a\njo@shop.example"}',
    '{"text":"\\x jo@shop.example"}',
    '{"text":"jo@shop.example',
    '{"text":"{\\"email\\":\\"jo\\\\u0040shop.example\\"}"}',
    '{"url":"https://x.example/?to=jo%252540shop.example"}',
    '{"text":"<jo&commat;shop.example>"}',
  ])('have none where the body is broken, or an address is written so: %s', (text) => {
    expect(redacted(text)).toContain('…')
    expect(redacted(text)).not.toContain('shop.example')
  })

  it('take time by their length, whatever it is that does not end', () => {
    // Minutes, where each quote or bracket is followed to the end.
    const open = `["${'\\"'.repeat(400_000)}`
    expect(redacted(open)).toBe(open)
    expect(replaceEverywhere('x@['.repeat(1_000_000), () => '…')).toHaveLength(3_000_000)
  })

  it('may be an attachment of some MB', () => {
    const whole = `["${'a'.repeat(9 << 20)}"]`
    expect(redacted(whole) === whole).toBe(true)
    const secret = Buffer.from(`${'x'.repeat(3_000)} jo@shop.example`).toString('base64')
    expect(redacted(`["${secret}"]`)).not.toContain(secret)
  })

  it('have none of a return path, and of a quoted name, whatever their length', () => {
    const masked = (text: string) => replaceEverywhere(text, () => '…')
    expect(masked(`to jo=shop.example-${'y'.repeat(200)}@bounces.example now`)).toBe('to … now')
    expect(masked(`"${'y'.repeat(2_000)}"@shop.example`)).not.toContain('@shop.example')
  })
})

it('shows events whose recipient is longer than any address', async () => {
  const { receiver } = await receiving()
  await receiver.inject('shop', [{ type: 'pong', to: `${'a'.repeat(70_000)}@shop.example` }])
  await receiver.whenIdle()
  const board = dashboard(receiver)
  ends.push(() => server.close())
  const server = createServer(pages(board)).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  for (const view of ['events', 'suppression']) {
    const answer = await fetch(`http://127.0.0.1:${port}/?view=${view}&as=json`)
    const { data } = (await answer.json()) as { data: { rows: { key: string | null }[] } }
    expect(data.rows).toMatchObject([{ key: null }])
  }
  // The list goes on where it was.
  const { data } = (await (await fetch(`http://127.0.0.1:${port}/?view=events&as=json`)).json()) as {
    data: { rows: { id: string }[] }
  }
  const next = await fetch(`http://127.0.0.1:${port}/?view=suppression&as=json&after=${data.rows[0]?.id}`)
  expect(next.status).toBe(200)
})

it('lists what was done to a handler whose name looks like an address', async () => {
  const { receiver } = await receiving()
  receiver.on('toy.ping', { name: '@shop/mailer' }, () => {})
  await receiver.start()
  await receiver.inbox.retry({ filter: 'handler:"@shop/mailer"' })
  const seen = dashboard(receiver)
  const server = createServer(pages(seen)).listen(0, '127.0.0.1')
  ends.push(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const answer = await fetch(`http://127.0.0.1:${port}/?view=storage&as=json`)
  expect(await answer.json()).toMatchObject({ data: { actions: [{ verb: 'retry' }] } })
})

it('masks what an error is called, and its code', () => {
  const jo = 'jo@shop.example'
  const error = { name: `No ${jo}`, code: jo, message: jo, attempt: 1, at: new Date(0) }
  const letter = { event: EVENT, handler: 'mailer', attempts: 1, since: null, redeliveries: 0, errors: [error] }
  const control = {
    deadLetters: async function* () {
      yield letter
    },
  } as unknown as LookControl
  const found = all(maskedControl(control, () => {}).deadLetters())
  return expect(found.then((letters) => JSON.stringify(letters))).resolves.not.toContain(jo)
})

it('notes no look at what is not there', async () => {
  const acts: unknown[] = []
  const { receiver } = await receiving({ acted: (act) => void acts.push(act) })
  await receiver.start()
  const board = new Asking(receiver, { access: { people: 'clear' } })
  expect((await board.ask('view=message&id=nothing')).status).toBe(404)
  expect(acts).toEqual([])
})

it('takes no script whose Origin is another one, where no browser says of which site it is', async () => {
  const { receiver } = await receiving()
  receiver.on('toy.ping', { name: 'mailer' }, () => {})
  await receiver.start()
  const board = new Asking(receiver, { access: { act: ['pause'] } })
  const send = (origin: string) =>
    board.ask('do=pause&as=json', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-posthorn-act': '1', origin },
      body: Buffer.from(JSON.stringify({ filter: 'mailer', matched: 1 })),
    })
  expect((await send('http://evil.example')).status).toBe(403)
  expect((await receiver.health()).paused).toEqual([])
  expect((await send(OWN.origin)).status).toBe(202)
})

it('lets no spreadsheet begin a cell within a cell', () => {
  expect(cellOf('x;=1+1')).toBe("x;'=1+1")
  expect(cellOf('x;"=1+1')).toBe(`"x;'""=1+1"`)
  expect(cellOf('x\n=1+1')).toBe(`"x\n'=1+1"`)
  expect(cellOf('a; b-c')).toBe('a; b-c')
})

it('gives a file as it is, also to whoever sends a body that nobody reads', async () => {
  const { receiver } = await receiving()
  await receiver.start()
  const bytes = Buffer.from([0x5b, 0xff, 0xfe, 0x5d])
  await receiver.handle(new Request('http://x.example/shop', { method: 'POST', body: bytes }))
  await receiver.whenIdle()
  const [found] = await all(receiver.inbox.deliveries())
  const server = createServer(pages(dashboard(receiver, { access: { bytes: true } }))).listen(0, '127.0.0.1')
  ends.push(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const given = await new Promise((resolve, reject) => {
    const asked = request({
      ...{ host: '127.0.0.1', port, method: 'GET', path: `/?view=delivery&id=${found?.id}&as=body` },
      headers: { 'content-length': '100' },
    })
    asked.on('error', reject).on('response', (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part) => parts.push(part)).on('end', () => resolve(Buffer.concat(parts)))
      asked.end('x'.repeat(99))
    })
    asked.write('x')
  })
  expect(given).toEqual(bytes)
})

it('takes a handler in a URL whose name looks like an address, and nothing that only ends with it', async () => {
  const { receiver } = await receiving()
  receiver.on('toy.ping', { name: '@shop/mailer' }, () => {})
  receiver.on('toy.ping', { name: 'mailer@v2' }, () => {})
  await receiver.start()
  const board = new Asking(receiver)
  const of = (filter: string) => board.ask(`view=echo&${new URLSearchParams({ filter })}`)
  for (const filter of ['handler:"@shop/mailer"', 'handler:mailer@v2 since:6h', '-handler:"@shop/mailer",mailer@v2'])
    expect((await of(filter)).status, filter).toBe(200)
  for (const filter of ['handler:jo@shop/mailer', 'handler:mailer@v2.example', 'jo@shop.example handler:mailer@v2'])
    expect((await of(filter)).status, filter).toBe(400)
})

it('has no id of a message in a URL that could be an address, and leads to the message all the same', async () => {
  const source = momentumRelay({ auth: unauthenticated() })
  const receiver = createReceiver({
    inbox: memory(),
    sources: { shop: momentum({ auth: unauthenticated() }), desk: source },
    logger: false,
  })
  ends.push(() => receiver.close({ timeoutMs: 0 }))
  const bounce = { type: 'bounce', rcpt_to: 'al@shop.example', message_id: 'Jo.Doe@mx.example', bounce_class: '10' }
  await receiver.inject('shop', [{ msys: { message_event: bounce } }])
  await receiver.whenIdle()
  const asked = async (query: string, people: 'clear' | 'masked') => {
    const [door, headers] = [
      dashboard(receiver, { access: { people } })[boardDoor],
      ['host', 'localhost', 'connection', 'keep-alive'],
    ]
    const answer = await door.answer({
      ...{
        method: 'GET',
        query,
        rawHeaders: headers,
        body: null,
        peer: '127.0.0.1',
        isSecure: false,
        httpVersion: '1.1',
      },
      ...{ access: undefined, signal: new AbortController().signal },
    })
    return { status: answer.status, body: String(answer.body) }
  }
  const { body } = await asked('view=events', 'clear')
  const links = [...body.matchAll(/href="([^"]*)"/g)].map(([, href = '']) => href.replaceAll('&amp;', '&'))
  const place = links.find((href) => href.startsWith('?view=message')) ?? ''
  expect(links.join()).not.toMatch(/jo\.doe|%40|@/i)
  const shown = await asked(place.slice(1), 'clear')
  expect([shown.status, shown.body.includes('Jo.Doe@mx.example')]).toEqual([200, true])
  // Of those that may not see people there is the id alone, masked.
  expect((await asked('view=events', 'masked')).body).not.toMatch(/view=message|Jo\.Doe/)
  // It is no key of a person.
  const key = new URLSearchParams(place).get('key')
  expect((await asked(`view=person&key=${key}&as=json`, 'clear')).status).toBe(404)
})

it('masks who did it where that is an address, for those who may not see people', async () => {
  const { receiver } = await receiving()
  receiver.on('toy.ping', { name: 'mailer' }, () => {})
  await receiver.start()
  const jo = { who: 'jo@shop.example', act: ['pause'] as const }
  const board = new Asking(receiver)
  const { plan } = await board.plan('do=pause', { filter: 'mailer' }, { access: jo })
  await board.post('do=pause', { filter: 'mailer', matched: '1', token: plan.token }, { access: jo })
  const views = dashboard(receiver)[boardDoor]
  const answer = await views.answer({
    ...{ method: 'GET', query: 'view=storage&as=json', rawHeaders: [], body: null, peer: undefined, isSecure: true },
    ...{ httpVersion: '1.1', access: { given: { who: 'al' } }, signal: new AbortController().signal },
  })
  expect(JSON.parse(String(answer.body)).data.actions).toMatchObject([{ verb: 'pause', who: 'j***@shop.example' }])
})

it('shows what it has when the time of a view is over, however far away the next row is', async () => {
  const late = new AbortController()
  const far: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => {
      let n = 0
      return { next: () => (n++ < 2 ? Promise.resolve({ done: false, value: n }) : new Promise(() => {})) }
    },
  }
  const gathering = gather(far, late.signal)
  setImmediate(() => late.abort())
  expect(await gathering).toEqual({ rows: [1, 2], more: true, late: true })
})

describe('values of 70 kB', () => {
  const FIXED = new Set(['type', 'timestamp', 'event_id', 'bounce_class'])

  it('in every field are shown in part, and each link leads to what it names', { timeout: 120_000 }, async () => {
    const made = await world({ traffic: 'none' })
    const { receiver, url, clock } = made
    const poison = (name: 'momentum.bounce' | 'momentum.click', letter: string) => ({
      ...Object.fromEntries(
        Object.entries(sampleEvent(name).payload as object).map(([key, value]) => [
          key,
          typeof value === 'string' && !FIXED.has(key) ? letter.repeat(70_000) : value,
        ]),
      ),
      timestamp: String(Math.floor(clock.now() / 1_000)),
    })
    for (const [at, letter] of ['a', '😀', '\u202e'].entries()) {
      const long = letter.repeat(70_000)
      await deliver(receiver as never, 'shop' as never, [
        { ...poison('momentum.bounce', letter), event_id: `b${at}`, bounce_class: '10' },
        {
          ...poison('momentum.click', letter),
          event_id: `c${at}`,
          message_id: letter.repeat(330),
          rcpt_to: `n${at}@shop.example`,
        },
        {
          ...poison('momentum.click', letter),
          event_id: `d${at}`,
          message_id: `${letter}\ud800`,
          rcpt_meta: { [long]: long },
        },
        { [long]: 1 },
        { type: long },
      ])
    }
    const events = await all(receiver.inbox.events({ since: new Date(0) }))
    const deliveries = await all(receiver.inbox.deliveries())
    const looks = ['now', 'sender&source=shop', 'deliveries', 'events&range=24h', 'bounces&domains=1', 'suppression']
    const [event, delivery] = [events.at(-1)?.id, deliveries.at(-1)?.id]
    const addresses = [...looks, 'quarantine', 'dead', 'storage', `event&id=${event}`, `delivery&id=${delivery}`]
    const links = new Set<string>()
    for (const address of addresses) {
      const answer = await fetch(`${url}?view=${address}`, { headers: { accept: 'text/html' } })
      const page = await answer.text()
      expect(answer.status, address).toBe(200)
      expect(page.length, address).toBeLessThan(2_000_000)
      for (const [, href = ''] of page.matchAll(/<a[^>]*href="(\?[^"]*)"/g)) links.add(href.replaceAll('&amp;', '&'))
    }
    // As keys: the third is longer than any key.
    expect([...links].filter((href) => href.startsWith('?view=message'))).toHaveLength(2)
    for (const href of links) {
      const answer = await fetch(url + href, { headers: { accept: 'text/html' } })
      await answer.arrayBuffer()
      expect(answer.status, href.slice(0, 200)).toBe(200)
    }
    await made.close()
  })
})

it('links to a person where the recipient is an address, and to a message where its id can stand in a URL', async () => {
  const made = await world({ traffic: 'none' })
  const none = [
    '\0jo@shop.example',
    'jo\ud800@shop.example',
    '@shop.example',
    'jo@',
    'a@b@c.example',
    'jo\n@x.example',
    'jo',
  ]
  const some = [
    '\u202ejo@shop.example',
    '😀@shop.example',
    '"jo doe"@shop.example',
    'JO@MÜNCHEN.example',
    '<b>@x.example',
  ]
  const { payload } = sampleEvent('momentum.bounce')
  const events = [...none, ...some].map((name, at) => ({
    ...{
      ...(payload as object),
      bounce_class: '10',
      event_id: `e${at}`,
      message_id: name,
      rcpt_to: name,
      raw_rcpt_to: name,
    },
    timestamp: String(Math.floor(made.clock.now() / 1_000)),
  }))
  await deliver(made.receiver as never, 'shop' as never, events)
  const look = async (query: string) => (await fetch(`${made.url}?${query}&as=json`)).json()
  const rows: { who: string; key: string | null }[] = (await look('view=events&range=24h')).data.rows
  expect(rows).toHaveLength(events.length)
  expect(rows.filter(({ key }) => key === null).map(({ who }) => who)).toEqual(none.toReversed())
  for (const { key } of rows)
    if (key !== null) expect((await look(`view=person&key=${key}`)).data.events).toHaveLength(1)
  const page = await (await fetch(`${made.url}?view=events&range=24h`, { headers: { accept: 'text/html' } })).text()
  const links = [...page.matchAll(/href="(\?view=(?:message|person)[^"]*)"/g)].map(([, href = '']) => href)
  expect(links.length).toBeGreaterThan(events.length)
  for (const href of links) expect((await fetch(made.url + href.replaceAll('&amp;', '&'))).status, href).toBe(200)
  await made.close()
})
