import { isDeepStrictEqual } from 'node:util'
import { unauthenticated } from 'posthorn/auth'
import { mailjet, mailjetParse } from 'posthorn/mailjet'
import { sampleEvent } from 'posthorn/testing'
import * as tolerant from 'posthorn/zod'
import * as strict from 'posthorn/zod/strict'
import { describe, expect, it } from 'vitest'
import { createReceiver } from '../../../src/core/receiver.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { AnyEvent, InboundMail } from '../../../src/types.ts'
import { PARSED } from '../../support/mails.ts'
import { all } from '../../support/receivers.ts'
import { sampleBodies, samplesFolder } from '../../support/sample-bodies.ts'

const auth = unauthenticated()

async function received(...bodies: (object | string)[]) {
  const sources = { replies: mailjetParse({ auth, dedupeEvents: true }), events: mailjet({ auth }) }
  const receiver = createReceiver({ inbox: memory(), sources, logger: false })
  const events: (AnyEvent & { readonly mail?: InboundMail | null })[] = []
  receiver.on('*', { name: 'all' }, (event) => void events.push(event))
  for (const one of bodies) {
    const body = typeof one === 'string' ? one : JSON.stringify(one)
    const request = new Request('https://x.example/replies', { method: 'POST', body })
    expect((await receiver.handle(request)).status).toBe(200)
  }
  await receiver.whenIdle()
  const quarantined = await all(receiver.inbox.quarantine())
  return { events, quarantined, receiver }
}

const ATTACHED = {
  ...PARSED,
  Parts: [
    ...PARSED.Parts,
    { Headers: { 'Content-Type': ['multipart/mixed; boundary=x'] } },
    {
      Headers: {
        'Content-Type': ['application/pdf; name="a.pdf"'],
        'Content-Disposition': ['attachment; filename="../a.pdf"'],
        'Content-Transfer-Encoding': 'quoted-printable',
      },
      ContentRef: 'Attachment1',
    },
    { Headers: { 'Content-Type': 'image/png', 'Content-ID': '<logo@1>' }, ContentRef: 'InlineAttachment1' },
  ],
  InlineAttachment1: Buffer.from('png').toString('base64'),
  Attachment1: Buffer.from('pdf').toString('base64'),
  Attachment2: Buffer.from('nameless').toString('base64'),
}

const shown = async (mail: InboundMail | null | undefined) =>
  ((await mail?.attachments()) ?? []).map(({ bytes, ...rest }) => ({ ...rest, text: Buffer.from(bytes).toString() }))

describe('a parsed mail', () => {
  it('comes with its envelope, its parts and what it answers', async () => {
    const { events } = await received(PARSED)
    expect(events).toMatchObject([
      {
        name: 'mailjet.parse',
        type: 'inbound',
        category: 'inbound',
        nativeType: 'parse',
        email: 'help@in.shop.example',
        occurredAtFrom: 'received',
        effect: 'none',
        tags: ['order-7'],
        metadata: { order: 7 },
        payload: PARSED,
      },
    ])
    expect({ ...events[0]?.mail }).toEqual({
      from: 'Jo <jo@shop.example>',
      envelopeFrom: 'bounces@shop.example',
      envelopeTo: ['help@in.shop.example'],
      subject: 'A question',
      text: 'Where is it?',
      html: null,
      headers: [
        ['Received', 'one'],
        ['Received', 'two'],
        ['Message-ID', '<1@shop.example>'],
      ],
    })
    expect(events[0]?.mail?.raw()).toBeNull()
    expect(await events[0]?.mail?.attachments()).toEqual([])
  })

  it('has attachments by the parts that name them, and those that none names', async () => {
    const { events } = await received(ATTACHED)
    expect(await shown(events[0]?.mail)).toEqual([
      { filename: null, contentType: 'image/png', contentId: 'logo@1', isInline: true, text: 'png' },
      { filename: 'a.pdf', contentType: 'application/pdf', contentId: null, isInline: false, text: 'pdf' },
      { filename: null, contentType: 'application/octet-stream', contentId: null, isInline: false, text: 'nameless' },
    ])
  })

  it('has attachments that are texts, mails and boxes themselves, or say nothing, each with its own name', async () => {
    const parts = [
      { Headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Disposition': 'inline; filename=a.txt' } },
      { Headers: { 'Content-Type': 'message/rfc822', 'Content-Disposition': 'attachment; filename=b.eml' } },
      { Headers: { 'Content-Type': 'multipart/mixed; boundary=q' } },
      { Headers: { 'Content-Type': '', 'Content-Disposition': 'attachment; filename=c.bin' } },
    ].map((part, at) => ({ ...part, ContentRef: `Attachment${at + 1}` }))
    const contents = ['a text', 'Subject: x\r\n\r\ny', 'a box', 'untyped'].map((text) =>
      Buffer.from(text).toString('base64'),
    )
    const { events } = await received({
      ...PARSED,
      Parts: parts,
      ...Object.fromEntries(contents.map((content, at) => [`Attachment${at + 1}`, content])),
    })
    expect(await shown(events[0]?.mail)).toMatchObject([
      { filename: 'a.txt', text: 'a text' },
      { filename: 'b.eml', text: 'Subject: x\r\n\r\ny' },
      { filename: null, contentType: 'application/octet-stream', text: 'a box' },
      { filename: 'c.bin', contentType: 'application/octet-stream', text: 'untyped' },
    ])
  })

  it('is told by what its schema wants', async () => {
    const tellings = [{ Recipient: 'a@x.y' }, { Headers: {} }, { Parts: [] }, { Subject: 'x' }, {}]
    const { events } = await received(...tellings)
    const nameOf = (body: object) => events.find(({ payload }) => isDeepStrictEqual(payload, body))?.name
    const known = tellings.map((body) => nameOf(body) === 'mailjet.parse')
    expect(known).toEqual([true, true, true, false, false])
    for (const { mailjetParse: schema } of [tolerant, strict])
      expect(tellings.map((body) => schema.safeParse(body).success)).toEqual(known)
  })

  it('has a sample, which is read and parsed', async () => {
    const event = sampleEvent('mailjet.parse', { Subject: 'Another' })
    expect(event).toMatchObject({ type: 'inbound', email: 'help@in.shop.example', metadata: { order: 4711 } })
    expect(event.mail).toMatchObject({ subject: 'Another', text: 'Where is my parcel?' })
    expect((await event.mail?.attachments())?.map(({ filename }) => filename)).toEqual(['parcel.pdf'])
    for (const { mailjetParse: schema } of [tolerant, strict])
      expect(schema.safeParse(event.payload).success).toBe(true)
    const more = { ...event.payload, Attachment2: 'AAAA', Attachment17: 'AAAA' }
    expect(strict.mailjetParse.safeParse(more).success).toBe(true)
  })

  it('cannot slip headers or parts into another', async () => {
    const evil = {
      ...PARSED,
      Parts: [
        {
          Headers: {
            'Content-Type': 'image/png\r\nContent-Type: text/html\r\n\r\n<script>',
            'Content-Disposition': 'attachment; filename="x.png"\r\n\r\n--border',
          },
          ContentRef: 'Attachment1',
        },
      ],
      Attachment1: 'AAAA\r\n--border\r\nContent-Type: text/html\r\n\r\n<script>',
    }
    const { events } = await received(evil)
    const attachments = await shown(events[0]?.mail)
    expect(attachments).toHaveLength(1)
    expect(attachments[0]?.contentType.startsWith('image/png')).toBe(true)
  })

  it('that comes again is told by its headers', async () => {
    const again = { ...PARSED, SpamAssassinScore: '0.7' }
    expect((await received(PARSED, again, { ...PARSED, Recipient: 'other@x.y' })).events).toHaveLength(2)
    const bare = { Recipient: 'a@x.y' }
    expect((await received(bare, { ...bare, Subject: 'b' })).events).toHaveLength(2)
  })

  it.each([
    [{ ...PARSED, Recipient: 7 }, '/Recipient'],
    [{ ...PARSED, Headers: [] }, '/Headers'],
    [{ ...PARSED, Parts: {} }, '/Parts'],
    [[PARSED, 7], ''],
  ])('that is none is quarantined: %#', async (body, path) => {
    expect((await received(body)).quarantined).toMatchObject([{ path }])
  })

  it('is unknown where nothing tells it, and never fails for odd parts', async () => {
    expect((await received({ event: 'sent', email: 'a@x.y' })).events).toMatchObject([
      { name: 'mailjet.unknown', nativeType: 'sent' },
    ])
    const odd = { Recipient: null, Parts: [null, 7, { ContentRef: 1 }], Headers: { A: 1, B: [2, 'b'] }, Attachment1: 7 }
    const { events } = await received(odd)
    expect(events[0]?.mail?.headers).toEqual([['B', 'b']])
    expect(await events[0]?.mail?.attachments()).toEqual([])
  })

  it('is found by its person and erased', async () => {
    const { receiver } = await received(PARSED, { ...PARSED, Recipient: 'jo@other.example' })
    expect(await all(receiver.inbox.export({ email: 'jo@other.example' }))).toHaveLength(1)
    expect(await receiver.inbox.erase({ email: 'jo@other.example' })).toMatchObject({ queued: 1 })
    expect(await all(receiver.inbox.export({ email: 'jo@other.example' }))).toEqual([])
    expect(await all(receiver.inbox.export({ email: 'jo@shop.example' }))).toHaveLength(1)
  })

  it('may have 64 MiB and two minutes', () => {
    const { bodyBytes, bodyMs } = mailjetParse({ auth })[port]
    expect([bodyBytes, bodyMs]).toEqual([64 << 20, 120_000])
  })

  it.skipIf(samplesFolder === undefined)('is what the documents of Mailjet show', async () => {
    const bodies = sampleBodies().filter(({ name, text }) => name.includes('parse-api') && text.includes('"Recipient"'))
    expect(bodies.length).toBeGreaterThan(0)
    for (const { text } of bodies) {
      const { events, quarantined } = await received(text)
      expect([events.map(({ name }) => name), quarantined]).toEqual([['mailjet.parse'], []])
      await events[0]?.mail?.attachments()
    }
  })
})
