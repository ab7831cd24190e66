import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unauthenticated } from 'posthorn/auth'
import { momentum, momentumRelay } from 'posthorn/momentum'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createReceiver } from '../../../src/core/receiver.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { InboundMail } from '../../../src/types.ts'
import { attached, mail, multipart, relayed } from '../../support/mails.ts'
import { all } from '../../support/receivers.ts'

const auth = unauthenticated()

/** The mails that a handler gets for a body. */
async function mailsOf(body: string, source = momentumRelay({ auth })) {
  const receiver = createReceiver({ inbox: memory(), sources: { replies: source }, logger: false })
  const mails: (InboundMail | null)[] = []
  receiver.on('inbound', (event) => void mails.push(event.mail))
  onTestFinished(() => void receiver.close())
  const request = new Request('https://x.example/replies', { method: 'POST', body })
  expect((await receiver.handle(request)).status).toBe(200)
  await receiver.whenIdle()
  return { mails, receiver }
}

const RAW = mail(multipart([{ head: ['Content-Type: text/plain'], content: 'hi' }, attached('a.pdf', 'one')]))

describe('a relayed mail', () => {
  it.each([
    ['as text', RAW],
    ['as base64', Buffer.from(RAW)],
  ])('comes with its envelope, its parts and its attachments, %s', async (_, raw) => {
    const { mails } = await mailsOf(relayed(raw))
    const [found] = mails
    expect({ ...found }).toEqual({
      from: 'jo@shop.example',
      envelopeFrom: 'bounces@shop.example',
      envelopeTo: ['help@shop.example'],
      subject: 'A question',
      text: 'Where is it?',
      html: null,
      headers: [
        ['From', 'Jo <jo@shop.example>'],
        ['Received', 'one'],
        ['Received', 'two'],
      ],
    })
    expect(Buffer.from(found?.raw() ?? []).toString()).toBe(RAW)
    const attachments = (await found?.attachments()) ?? []
    expect(attachments.map(({ filename, bytes }) => [filename, Buffer.from(bytes).toString()])).toEqual([
      ['a.pdf', 'one'],
    ])
  })

  it('keeps bytes that are no UTF-8', async () => {
    const raw = Buffer.from(`${RAW}\xff\xfe`, 'latin1')
    const { mails } = await mailsOf(relayed(raw))
    expect(Buffer.compare(mails[0]?.raw() ?? Buffer.alloc(0), raw)).toBe(0)
  })

  it('can be copied and written as JSON', async () => {
    const { mails } = await mailsOf(relayed(RAW))
    expect(structuredClone({ ...mails[0] }).subject).toBe('A question')
    expect(JSON.parse(JSON.stringify(mails[0]))).toMatchObject({ from: 'jo@shop.example' })
  })

  it('comes from a source of events too, and is none where there is none', async () => {
    expect((await mailsOf(relayed(RAW), momentum({ auth }) as never)).mails[0]?.subject).toBe('A question')
    const sms = { protocol: 'smpp', text: 'hi', from: '1', to: '2', webhook_id: '7' }
    expect((await mailsOf(JSON.stringify([{ msys: { relay_message: sms } }]))).mails).toEqual([null])
    const told = { type: 'relay_injection', relay_id: '7', message_id: '1', rcpt_to: 'help@shop.example' }
    expect((await mailsOf(JSON.stringify([{ msys: { relay_event: told } }]))).mails).toEqual([null])
  })

  it('is read where its parts are not what they are said to be', async () => {
    const odd = { headers: [{ A: 1 }, { B: 'b', C: 'c' }], subject: '', text: undefined }
    const { mails } = await mailsOf(relayed(RAW, {}, odd))
    expect(mails[0]).toMatchObject({
      subject: null,
      text: null,
      headers: [
        ['B', 'b'],
        ['C', 'c'],
      ],
    })
    const none = await mailsOf(relayed(RAW, { rcpt_to: undefined }, { email_rfc822: undefined }))
    expect([none.mails[0]?.raw(), await none.mails[0]?.attachments()]).toEqual([null, []])
  })

  it('may have 64 MiB and two minutes, or what its options say', () => {
    const { bodyBytes, bodyMs } = momentumRelay({ auth })[port]
    expect([bodyBytes, bodyMs]).toEqual([64 << 20, 120_000])
    const own = momentumRelay({ auth, limits: { bodyBytes: 1_000, bodyMs: 5_000 } })[port]
    expect([own.bodyBytes, own.bodyMs]).toEqual([1_000, 5_000])
    expect(momentum({ auth })[port]).toMatchObject({ bodyBytes: null, bodyMs: null })
  })

  it('of 20 MB is stored, handed on whole, found by its person and erased', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-relay-'))
    const receiver = createReceiver({
      inbox: sqlite({ path: join(folder, 'inbox.db') }),
      sources: { replies: momentumRelay({ auth }) },
      logger: false,
    })
    onTestFinished(async () => {
      await receiver.close()
      rmSync(folder, { recursive: true })
    })
    const content = Buffer.alloc(14 << 20, 'content')
    const sizes: number[] = []
    receiver.on('momentum.relay_message', async ({ mail: found }) => {
      for (const { bytes } of (await found?.attachments()) ?? []) {
        sizes.push(bytes.length)
        expect(Buffer.compare(bytes, content)).toBe(0)
      }
    })
    const raw = Buffer.from(mail(multipart([attached('large.bin', content)])))
    expect(raw.length).toBeGreaterThan(19 << 20)
    const send = (person: string) =>
      receiver.handle(
        new Request('https://x.example/replies', { method: 'POST', body: relayed(raw, { rcpt_to: person }) }),
      )
    expect((await send('jo@shop.example')).status).toBe(200)
    expect((await send('al@shop.example')).status).toBe(200)
    await receiver.whenIdle()
    expect(sizes).toEqual([content.length, content.length])
    const [stored, ...more] = await all(receiver.inbox.export({ email: 'al@shop.example' }))
    expect([stored?.event?.name, more.length]).toEqual(['momentum.relay_message', 0])
    expect(await receiver.inbox.erase({ email: 'al@shop.example' })).toMatchObject({ matched: 1, queued: 1 })
    expect(await all(receiver.inbox.export({ email: 'al@shop.example' }))).toEqual([])
  }, 120_000)
})

describe('the events about a relayed mail', () => {
  it('have the message in common', async () => {
    const types = ['relay_injection', 'relay_tempfail', 'relay_delivery']
    const fields = { message_id: '000443ee14578172be22', relay_id: '7', rcpt_to: 'help@shop.example', timestamp: '1' }
    const receiver = createReceiver({ inbox: memory(), sources: { shop: momentum({ auth }) }, logger: false })
    const seen: (string | null)[][] = []
    receiver.on('momentum.relay_event.*', ({ name, messageId }) => void seen.push([name, messageId]))
    const body = JSON.stringify(types.map((type) => ({ msys: { relay_event: { type, ...fields } } })))
    await receiver.handle(new Request('https://x.example/shop', { method: 'POST', body }))
    await receiver.whenIdle()
    expect(seen).toEqual(types.map((type) => [`momentum.${type}`, fields.message_id]))
    await receiver.close()
  })
})
