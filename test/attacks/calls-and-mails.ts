/** Section M: callers that wait for an answer, and mails. */
import { expect } from 'vitest'
import { z } from 'zod'
import { basic } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { esputnikWorkflow } from '../../src/providers/esputnik/index.ts'
import { mailjetParse } from '../../src/providers/mailjet/index.ts'
import { momentumRelay } from '../../src/providers/momentum/index.ts'
import type { InboundMail } from '../../src/types.ts'
import type { Mounted } from '../contracts/hosts.ts'
import { rememberingLogger } from '../support/log.ts'
import { attached, HEAD, type MailPart, mail, multipart, PARSED, relayed } from '../support/mails.ts'
import { type Attack, onHosts, type Row } from './harness/attack.ts'
import { basicOf, SECRET, type Site } from './harness/site.ts'
import { type Answer, talk } from './harness/talk.ts'

interface Sent {
  readonly source: 'wf' | 'relay' | 'parse'
  readonly method?: string
  readonly search?: string
  readonly headers?: readonly string[]
  readonly body?: string
  /** false leaves out what lets the request in. */
  readonly credentials?: boolean
}

/** A receiver with a source that answers and two that take mails, on the host of the site. */
async function besides<T>({ host }: Site, run: (door: Door) => Promise<T>): Promise<T> {
  const auth = basic({ username: 'yespo', password: SECRET })
  const calls: unknown[] = []
  const mails: InboundMail[] = []
  const log = rememberingLogger()
  const receiver = createReceiver({
    inbox: memory(),
    sources: {
      wf: esputnikWorkflow({
        auth,
        params: z.object({ email: z.email() }),
        paramHeaders: ['x-email'],
        respond: ({ params, headers }) => {
          calls.push({ params, headers })
          return { promocode: 'CODE' }
        },
      }),
      relay: momentumRelay({ auth }),
      parse: mailjetParse({ auth }),
    },
    logger: log,
  })
  receiver.on('inbound', (event) => void (event.mail && mails.push(event.mail)))
  // All that a host takes.
  const server = await host.listen({ receiver, handle: receiver.handle, source: 'wf' } as unknown as Mounted)
  try {
    await receiver.start()
    const send = async ({
      source,
      method = 'POST',
      search = '',
      headers = [],
      body = '',
      credentials = true,
    }: Sent) => {
      const own = credentials ? [`Authorization: ${basicOf(`yespo:${SECRET}`)}`] : []
      const lines = ['Host: x', ...own, ...headers, `Content-Length: ${Buffer.byteLength(body)}`]
      const bytes = `${method} /webhooks/${source}${search} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`
      const { answers } = await talk(server.port, bytes, { answers: 1 })
      return answers[0] ?? { status: 0, headers: {}, body: '' }
    }
    return await run({ send, calls, mails, log, idle: () => receiver.whenIdle() })
  } finally {
    await server.close()
    await receiver.close()
  }
}

interface Door {
  send(sent: Sent): Promise<Answer>
  /** What `respond` was called with. */
  readonly calls: readonly unknown[]
  readonly mails: readonly InboundMail[]
  readonly log: ReturnType<typeof rememberingLogger>
  idle(): Promise<void>
}

/** 400, with these words about the body, and `respond` is not called. */
const broken = (problem: string, bodies: readonly string[]) => (site: Site) =>
  besides(site, async ({ send, calls }) => {
    for (const body of bodies) {
      const answer = await send({ source: 'wf', body })
      expect([answer.status, JSON.parse(answer.body)], body.slice(0, 60)).toEqual([
        400,
        { error: 'broken_body', message: 'body cannot be read', problem: expect.stringContaining(problem) },
      ])
    }
    expect(calls).toEqual([])
    expect((await send({ source: 'wf', body: '<r><email>jo@shop.example</email></r>' })).status).toBe(200)
  })

/** What a mail has attached: names, or the code of the error. */
const attachedTo =
  (body: string, source: 'relay' | 'parse' = 'relay') =>
  (site: Site) =>
    besides(site, async ({ send, mails, idle }) => {
      expect((await send({ source, body })).status).toBe(200)
      await idle()
      expect(mails).toHaveLength(1)
      const found = await mails[0]?.attachments().catch(({ code }) => String(code))
      return typeof found === 'string' ? found : found?.map(({ filename }) => filename)
    })

const refused = (raw: string) => async (site: Site) =>
  expect(await attachedTo(relayed(raw))(site)).toBe('ERR_MAIL_UNREADABLE')

const MARKER = '<script>alert(1)</script>'
const ENTITIES = Array.from({ length: 10 }, (_, n) => `<!ENTITY l${n} "${`&l${n + 1};`.repeat(10)}">`).join('')

function boxes(depth: number): string {
  let inner = 'Content-Type: text/plain\r\n\r\nx'
  for (let level = 0; level < depth; level++) inner = multipart([{ head: [inner], content: '' }], `b${level}`)
  return inner
}

const part: MailPart = { head: ['Content-Type: image/png'], content: 'x' }

const rows: readonly Row[] = [
  [
    'M1',
    'XML with a document type, entities of a file and of an address, entities of entities',
    '400 before it is parsed; nothing is read or called',
    broken('declares a document type or an entity', [
      '<!DOCTYPE r><r><email>jo@shop.example</email></r>',
      '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r><email>&x;</email></r>',
      '<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd"><r><email>jo@shop.example</email></r>',
      `<?xml version="1.0"?><!DOCTYPE r [${ENTITIES}]><r><email>&l0;</email></r>`,
      '<!doctype r><r/>',
      '<r><!ENTITY x "y"><email>&x;</email></r>',
      `<r>${'<!-- x -->'.repeat(100)}<!DOCTYPE r></r>`,
    ]),
  ],
  [
    'M2',
    'XML 30 000 elements deep, open and closed; 200 kB of `<`; 60 000 elements; 20 000 attributes',
    '400, and others are served',
    broken('the body ', [
      '<a>'.repeat(30_000),
      `${'<a>'.repeat(30_000)}${'</a>'.repeat(30_000)}`,
      `<r>${'<'.repeat(200_000)}</r>`,
      `<r>${'<a/>'.repeat(60_000)}</r>`,
      `<r ${Array.from({ length: 20_001 }, (_, n) => `a${n}="1"`).join(' ')}/>`,
    ]),
  ],
  [
    'M3',
    'a script in the names and values of the address, of headers, of JSON and of XML',
    '400 in JSON, `nosniff`, with nothing of it; nor is it in the log',
    (site) =>
      besides(site, async ({ send, log }) => {
        const text = encodeURIComponent(MARKER)
        for (const sent of [
          { search: `?email=${text}&${text}=1` },
          { headers: [`X-Email: ${MARKER}`] },
          { body: JSON.stringify({ email: MARKER, [MARKER]: 1 }) },
          { body: JSON.stringify({ email: MARKER }).slice(0, -1) },
          { body: `<r><email><![CDATA[${MARKER}]]></email></r>` },
          { body: `<r>${MARKER}` },
          { body: MARKER },
        ]) {
          const { status, headers, body } = await send({ source: 'wf', ...sent })
          expect(status).toBe(400)
          expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-content-type-options': 'nosniff' })
          expect(body).not.toContain('alert')
        }
        expect(log.text()).not.toContain('alert')
      }),
  ],
  [
    'M4',
    'parameters called `__proto__`, `constructor`, `toString`; one a thousand times; 10 000 of them',
    'no object gets a field; the answer is that of the other parameters',
    (site) =>
      besides(site, async ({ send, calls }) => {
        const names = '__proto__=1&__proto__[x]=1&constructor=1&toString=1&hasOwnProperty=1'
        const many = Array.from({ length: 500 }, (_, n) => `p${n}=1`).join('&')
        for (const sent of [
          { search: `?email=jo@shop.example&${names}` },
          { search: `?email=jo@shop.example&${'a=1&'.repeat(1_000)}` },
          { search: `?email=jo@shop.example&${many}` },
          { body: '{"email":"jo@shop.example","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}' },
          { body: '<r><email>jo@shop.example</email><__proto__><polluted>1</polluted></__proto__></r>' },
        ])
          expect((await send({ source: 'wf', ...sent })).status).toBe(200)
        const bomb = JSON.stringify(Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`k${n}`, n])))
        expect((await send({ source: 'wf', search: '?email=jo@shop.example', body: bomb })).status).toBe(200)
        expect(calls).toHaveLength(6)
        expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
      }),
  ],
  [
    'M5',
    'a call without credentials, with a body of 300 kB, of JSON 40 deep',
    '401, 413, 400; the function is not called',
    (site) =>
      besides(site, async ({ send, calls }) => {
        expect(
          (await send({ source: 'wf', method: 'GET', search: '?email=jo@shop.example', credentials: false })).status,
        ).toBe(401)
        expect((await send({ source: 'wf', body: 'x'.repeat(300_000) })).status).toBe(413)
        const deep = `{"a":${'['.repeat(40)}${']'.repeat(40)}}`
        expect((await send({ source: 'wf', body: deep })).status).toBe(400)
        expect(calls).toEqual([])
      }),
  ],
  ['M6', 'a mail of 3 000 boxes in boxes', 'refused when its attachments are asked for', refused(mail(boxes(3_000)))],
  ['M6', 'a mail of 5 000 parts', 'the same', refused(mail(multipart(Array(5_000).fill(part))))],
  ['M7', 'a mail of 400 000 headers', 'the same', refused(`${'X-A: b\r\n'.repeat(400_000)}\r\nx`)],
  ['M7', 'a mail with a header of 4 MB', 'the same', refused(`X-A: ${'b'.repeat(4 << 20)}\r\n\r\nx`)],
  [
    'M8',
    'attachments called `../../x`, `C:\\x`, `.x`, NUL, CON, with a line break, a text turned around',
    'names without folders, of no device, of nothing invisible',
    async (site) => {
      const names = ['../../etc/passwd', 'C:\\\\boot.ini', '.bashrc', 'a\u202egnp.exe', 'CON', '..', 'x\u0000.sh']
      const raw = mail(multipart(names.map((name) => attached(name, 'x'))))
      expect(await attachedTo(relayed(raw))(site)).toEqual([
        'passwd',
        'boot.ini',
        'bashrc',
        'agnp.exe',
        '_CON',
        null,
        'x.sh',
      ])
    },
  ],
  [
    'M8',
    'a part of the Parse API whose headers hold line breaks and another part',
    'one attachment, as it was announced',
    async (site) => {
      const Headers = {
        'Content-Type': 'image/png\r\nX: y\r\n\r\n--a\r\n',
        'Content-Disposition': 'attachment; filename="../x.png"\r\nContent-Type: text/html',
      }
      const Attachment1 = 'AAAA\r\n--a\r\nContent-Type: text/html\r\n\r\nAAAA'
      const body = JSON.stringify({ ...PARSED, Parts: [{ Headers, ContentRef: 'Attachment1' }], Attachment1 })
      expect(await attachedTo(body, 'parse')(site)).toEqual(['x.png'])
    },
  ],
  [
    'M9',
    'mails of 20 bytes of nothing, of boxes that never end, of a border that is empty, of mails in mails',
    'an event each, and its attachments or an error',
    async (site) => {
      for (const raw of [
        '\0'.repeat(20),
        `${HEAD.join('\r\n')}\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n${'--a\r\n'.repeat(900)}`,
        mail('Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n\r\nx\r\n----\r\n'),
        mail('Content-Type: message/rfc822\r\n\r\n'.repeat(500)),
      ])
        expect(await attachedTo(relayed(raw))(site)).toBeDefined()
    },
  ],
]

export const callsAndMails: readonly Attack[] = onHosts(rows)
