import { basic } from 'posthorn/auth'
import { emulateMailjet, type InboundMail } from 'posthorn/emulators'
import { mailjetParse } from 'posthorn/mailjet'
import { describe, expect, it, onTestFinished } from 'vitest'
import { mailjetParse as strict } from '../../src/zod/strict/mailjet-parse.ts'
import { bodyOf, listening, receiving } from './site.ts'

const PASSWORD = 'a p@ssword: of some length'
const MAIL: InboundMail = {
  from: 'jo@shop.example',
  to: 'Help@in.shop.example',
  subject: 'Питання',
  text: 'Where is it?',
  html: '<p>Where is it?</p>',
  attachments: [{ filename: 'звіт "1".pdf', contentType: 'application/pdf', content: Buffer.of(0, 255) }],
}

async function emulated() {
  const mailjet = emulateMailjet()
  onTestFinished(() => mailjet.close())
  const { url } = await mailjet.listen()
  const headers = { authorization: `Basic ${Buffer.from('key:secret').toString('base64')}` }
  const rest = async (method: string, path: string, body?: object) => {
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const answer = await fetch(`${url}/v3/REST/parseroute${path}`, init)
    const text = await answer.text()
    return text === '' ? null : JSON.parse(text)
  }
  return { mailjet, rest }
}

describe('emulated Mailjet, mails that come in', () => {
  it('are posted to the route of their recipient, with its login', async () => {
    const site = await receiving(mailjetParse({ auth: basic({ username: 'user', password: PASSWORD }) }) as never)
    const { mailjet, rest } = await emulated()
    const Url = site.target.replace('://', `://user:${encodeURIComponent(PASSWORD)}@`)
    await rest('POST', '', { Url, Email: 'help@in.shop.example' })
    mailjet.inbound(MAIL)
    mailjet.inbound({ ...MAIL, to: 'nobody@in.shop.example' })
    await mailjet.advance('1s')
    expect(await site.counts()).toEqual({ parse: 1 })
    expect(mailjet.report()).toMatchObject({ expected: { parse: 1 }, acknowledged: 1, waiting: { events: 0 } })
    const [event] = site.events as unknown as { mail: import('../../src/types.ts').InboundMail; payload: object }[]
    expect(event?.mail).toMatchObject({ from: MAIL.from, subject: MAIL.subject, text: MAIL.text, html: MAIL.html })
    expect(await event?.mail.attachments()).toMatchObject([
      { filename: 'звіт _1_.pdf', contentType: 'application/pdf', bytes: Buffer.of(0, 255) },
    ])
    expect(strict.safeParse(event?.payload).success).toBe(true)
  })

  it('are repeated until they are acknowledged, at the address that the route has by then', async () => {
    const bodies: string[] = []
    const refusing = await listening(async (request, response) => {
      bodies.push(await bodyOf(request))
      response.writeHead(503).end()
    })
    const taking = await listening(async (request, response) => {
      bodies.push(await bodyOf(request))
      response.writeHead(200).end()
    })
    const { mailjet, rest } = await emulated()
    const { Data } = await rest('POST', '', { Url: `${refusing}/a`, Email: MAIL.to })
    mailjet.inbound(MAIL)
    await mailjet.advance('1s')
    expect(bodies).toHaveLength(1)
    await rest('PUT', `/${Data[0].ID}`, { Url: `${taking}/a` })
    await mailjet.advance('1m')
    expect(mailjet.report()).toMatchObject({ repeated: 1, acknowledged: 1 })
    expect(new Set(bodies).size).toBe(1)
    await rest('DELETE', `/${Data[0].ID}`)
    expect(mailjet.report().webhooks).toMatchObject([{ name: MAIL.to, state: 'deleted' }])
  })

  it.each([
    { ...MAIL, to: undefined },
    { ...MAIL, subject: 'a\r\nBcc: b' },
    { ...MAIL, attachments: [{ filename: 'a\nb', content: '' }] },
    { ...MAIL, attachments: [{ filename: 'a', content: 1 }] },
    { ...MAIL, attachments: [{ filename: 'a', content: '', more: 1 }] },
    { ...MAIL, attachments: 'a' },
    { ...MAIL, bcc: [] },
  ])('are refused where they are none (%#)', async (mail) => {
    const { mailjet } = await emulated()
    expect(() => mailjet.inbound(mail as InboundMail)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })
})
