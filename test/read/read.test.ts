import { createReceiver } from 'posthorn'
import { unauthenticated } from 'posthorn/auth'
import { esputnik } from 'posthorn/esputnik'
import { mailjet } from 'posthorn/mailjet'
import { memory } from 'posthorn/memory'
import { momentum } from 'posthorn/momentum'
import { read } from 'posthorn/read'
import { sparkpost } from 'posthorn/sparkpost'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { esputnikSamples, esputnikWire } from '../../src/providers/esputnik/samples.ts'
import { mailjetSamples, mailjetWire } from '../../src/providers/mailjet/samples.ts'
import { batchOf } from '../../src/testing/batch.ts'
import type { AnyEvent } from '../../src/types.ts'
import { sampleFiles } from '../providers/support.ts'

const auth = unauthenticated()
const receivedAt = new Date('2026-05-01T12:00:00Z')
const SOURCES = {
  shop: momentum({ auth }),
  cloud: sparkpost({ auth }),
  news: mailjet({ auth }),
  crm: esputnik({ auth, timeZone: 'Europe/Kyiv' }),
}
type Name = keyof typeof SOURCES

const textOf = (samples: Readonly<Record<string, Readonly<Record<string, object>>>>, wire: (fields: never) => string) =>
  `[${Object.values(samples)
    .flatMap((types) => Object.values(types))
    .map((fields) => wire(fields as never))
    .join(',')}]`

const BODIES: ReadonlyArray<[string, Name, string, Record<string, string>]> = [
  ['a batch of Momentum', 'shop', batchOf(300), { 'x-messagesystems-batch-id': 'b-1' }],
  ['without a batch id', 'cloud', batchOf(3, 2), {}],
  ['every event of Mailjet', 'news', textOf(mailjetSamples, mailjetWire), {}],
  ['a bare object', 'news', mailjetWire(mailjetSamples['mailjet.open'].opened), {}],
  ['every activity of eSputnik', 'crm', textOf(esputnikSamples, esputnikWire), {}],
  [
    'a broken element',
    'news',
    '[{"event":"open","email":"a@b.example"},{"event": open},{"event":"click","url":[]}]',
    {},
  ],
  ['an element too deep', 'news', `[{"event":"open"},{"a":${'['.repeat(40)}${']'.repeat(40)}},{"event":"spam"}]`, {}],
  ['what nobody knows', 'shop', '[{"msys":{"track_event":{"type":"hovered"}}},{"hello":"world"}]', {}],
  ['no JSON', 'shop', 'hello', {}],
  ['half a body', 'crm', '[{"activityStatus":"READ"},{"activity', {}],
  ['nothing in it', 'news', '[ ]', {}],
]

/** What a receiver makes of the same request. */
async function received(name: Name, body: string, headers: Record<string, string>) {
  const receiver = createReceiver({ inbox: memory(), logger: false, sources: SOURCES })
  onTestFinished(async () => void (await receiver.close({ timeoutMs: 0 })))
  const events: AnyEvent[] = []
  receiver.on('*', { name: 'collect' }, (event) => void events.push(event))
  const request = new Request(`http://localhost/${name}`, { method: 'POST', body, headers })
  expect((await receiver.handle(request)).status).toBe(200)
  await receiver.whenIdle()
  const unreadable: { index: number | null; reason: string; at: string | null }[] = []
  for await (const { index, reason, path } of receiver.inbox.quarantine()) unreadable.push({ index, reason, at: path })
  return { events, unreadable: unreadable.sort((a, b) => Number(a.index) - Number(b.index)) }
}

describe('read', () => {
  it.each(BODIES)('gives what a receiver gives: %s', async (_, name, body, headers) => {
    const receiving = await received(name, body, headers)
    const at = receiving.events[0]?.receivedAt ?? receivedAt
    const reading = read(SOURCES[name], body, { source: name, headers, receivedAt: at })
    expect(reading.events).toEqual(receiving.events)
    expect(reading.unreadable).toEqual(receiving.unreadable)
    expect(reading.events.length + reading.unreadable.length > 0).toBe(name !== 'news' || body !== '[ ]')
  })

  it.each<[string, (text: string) => Uint8Array | ArrayBuffer | string]>([
    ['text', (text) => text],
    ['a Buffer', (text) => Buffer.from(text)],
    ['an ArrayBuffer', (text) => new TextEncoder().encode(text).buffer],
    ['bytes in a larger buffer', (text) => Buffer.from(`xx${text}xx`).subarray(2, -2)],
    ['bytes with a byte order mark', (text) => Buffer.from(`\ufeff${text}`)],
  ])('takes %s', (_, form) => {
    const { events, unreadable } = read(SOURCES.news, form('[{"event":"open","MessageID":19421777396190490}]'))
    expect(unreadable).toEqual([])
    expect(events).toMatchObject([{ name: 'mailjet.open', source: 'mailjet', messageId: '19421777396190490' }])
  })

  it('says which elements are unreadable, why and where', () => {
    const body = '[{"event":"open","email":["x"]},{"event":"open"},{"event":},7]'
    expect(read(SOURCES.news, body)).toMatchObject({
      events: [{ delivery: { index: 1, size: 4 } }],
      unreadable: [
        { index: 0, reason: expect.stringMatching(/^expected /), at: '/email' },
        {
          index: 2,
          reason: `the element is not JSON at byte ${body.indexOf(':}') + 1}: likely a missing value`,
          at: null,
        },
        { index: 3, reason: 'expected object', at: '' },
      ],
    })
    const latin = Uint8Array.of(0x5b, 0xe9, 0x5d)
    expect(read(SOURCES.shop, latin)).toEqual({
      events: [],
      unreadable: [
        {
          index: 0,
          reason: 'the element is not UTF-8 at byte 1: likely another charset, such as Windows-1252',
          at: null,
        },
      ],
    })
  })

  it.each(['', '  ', '[]', '{"msys":{}}', '[ {"msys": {} } ]'])('finds no event in a probe: %j', (body) => {
    expect(read(SOURCES.shop, body)).toEqual({ events: [], unreadable: [] })
  })

  it('knows the batch id of the sender, in any form of headers, and its constant test batch', () => {
    const body = batchOf(1)
    const name = 'X-MessageSystems-Batch-Id'
    for (const headers of [new Headers([[name, 'b-1']]), { [name]: 'b-1' }, [name, 'b-1'], new Map([[name, 'b-1']])])
      expect(read(SOURCES.shop, body, { headers }).events[0]?.delivery.batchId).toBe('b-1')
    const headers = { [name]: '77c2b630-d712-11e4-9642-efc2723b99c1' }
    const [first, second] = [1, 2].map(
      (ms) => read(SOURCES.shop, body, { headers, receivedAt: new Date(ms) }).events[0],
    )
    expect([first?.isTest, second?.isTest]).toEqual([true, true])
    expect(first?.id).not.toBe(second?.id)
  })

  it('checks metadata by the schema of the source', () => {
    const source = momentum({ auth, metadata: z.object({ customer: z.string() }) })
    const [event] = read(source, '[{"msys":{"track_event":{"type":"click","rcpt_meta":{"customer":7}}}}]').events
    expect(event?.metadataIssues).toMatchObject([{ path: '/customer' }])
  })

  it('reads a large body whole, whatever stands in the middle of it', () => {
    const parts = batchOf(5_000).slice(1, -1).split('},{"msys"')
    const body = `[${parts.join('},nope,{"msys"')}]`
    const { events, unreadable } = read(SOURCES.shop, body)
    expect([events.length, unreadable.length]).toEqual([5_000, 4_999])
    expect(unreadable.every(({ index }) => index !== null && index % 2 === 1)).toBe(true)
  })

  it('neither changes nor keeps the bytes', () => {
    const bytes = Buffer.from(batchOf(10))
    const before = Buffer.from(bytes)
    const { events } = read(SOURCES.shop, bytes)
    expect(bytes).toEqual(before)
    const told = JSON.stringify(events)
    bytes.fill(0)
    expect(JSON.stringify(events)).toBe(told)
  })

  it.each([undefined, null, 7, {}, [], [{ event: 'open' }], new Date(0)])('refuses %j for a body', (body) => {
    expect(() => read(SOURCES.news, body as never)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining('bytes or text') }),
    )
  })

  it.each([
    ['no source', [{}, '[]']],
    ['an auth kind', [auth, '[]']],
    ['the name of a source', ['shop', '[]']],
    ['a name with spaces', [SOURCES.shop, '[]', { source: 'my shop' }]],
    ['a time that is none', [SOURCES.shop, '[]', { receivedAt: new Date(Number.NaN) }]],
    ['a number for a time', [SOURCES.shop, '[]', { receivedAt: 0 }]],
    ['null for options', [SOURCES.shop, '[]', null]],
    ['a number for options', [SOURCES.shop, '[]', 7]],
    ['a list for options', [SOURCES.shop, '[]', []]],
    ['an option nobody reads', [SOURCES.shop, '[]', { recievedAt: receivedAt }]],
    ['headers that are none', [SOURCES.shop, '[]', { headers: 'x: y' }]],
  ])('refuses %s', (_, args) => {
    expect(() => (read as (...all: unknown[]) => unknown)(...args)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION' }),
    )
  })
})

describe.skipIf(sampleFiles('momentum') === null)("the senders' own samples", () => {
  const all = (['momentum', 'mailjet', 'esputnik'] as const).flatMap((provider) =>
    (sampleFiles(provider) ?? []).flatMap(({ file, samples }) =>
      (samples ?? []).map(({ name, body, raw }) => ({
        provider,
        title: `${file} ${name}`,
        text: raw ?? JSON.stringify(body),
      })),
    ),
  )
  const bySender = { momentum: SOURCES.shop, mailjet: SOURCES.news, esputnik: SOURCES.crm }

  it.each(all)('$title: every element is an event or has a reason', ({ provider, text }) => {
    const { events, unreadable } = read(bySender[provider], text)
    const indices = [...events.map(({ delivery }) => delivery.index), ...unreadable.map(({ index }) => index)]
    expect(new Set(indices).size).toBe(indices.length)
    if (!indices.includes(null) && indices.length > 0)
      expect(indices.sort((a, b) => Number(a) - Number(b))).toEqual(indices.map((_, at) => at))
  })
})
