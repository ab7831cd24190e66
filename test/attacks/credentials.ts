/** Section A, first part: who is let in. */
import { expect } from 'vitest'
import { header, token } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { port } from '../../src/lib/symbols.ts'
import { momentum } from '../../src/providers/momentum/index.ts'
import { setting } from '../auth/setting.ts'
import { type Attack, once, onHosts, type Row } from './harness/attack.ts'
import { basicOf, OLD_SECRET, SECRET, type Site, TOKEN, WIDE_SECRET } from './harness/site.ts'

type Headers = ReadonlyArray<readonly [string, string]>

/** Each set of headers, in place of those that let a post in, is refused like any other. */
const refused = (source: string, ...sets: readonly Headers[]) =>
  async function isRefused(site: Site) {
    for (const headers of sets) {
      const answer = await site.send({ source, credentials: false, headers })
      expect(answer, JSON.stringify(headers).slice(0, 80)).toMatchObject({
        status: 401,
        body: '{"error":"unauthorized","message":"credentials missing or wrong"}',
        headers: { connection: 'close' },
      })
    }
    expect(await site.stored()).toEqual([])
  }

const letIn = (source: string, ...sets: readonly Headers[]) =>
  async function isLetIn(site: Site) {
    for (const headers of sets) {
      const answer = await site.send({ source, credentials: false, headers })
      expect(answer.status, JSON.stringify(headers)).toBe(200)
    }
    expect(await site.stored()).toHaveLength(sets.length)
  }

const tokens = (...values: readonly string[]): Headers => values.map((value) => [TOKEN, value])
const authorization = (...values: readonly string[]): Headers => values.map((value) => ['Authorization', value])
const RIGHT = basicOf(`mj:${SECRET}`)
const encoded = RIGHT.slice('Basic '.length)

const rows: readonly Row[] = [
  ['A1', 'no credential', '401', refused('shop', [])],
  ['A1', 'no credential, where Basic is asked for', '401', refused('news', [])],
  ['A1', 'an empty token, and a token of spaces', '401', refused('shop', tokens(''), tokens('    '), tokens('\t'))],
  [
    'A2',
    'the right token and one byte more, less, before, in another case; one byte; 8 kB',
    '401',
    refused(
      'shop',
      tokens(`${SECRET}x`),
      tokens(SECRET.slice(0, -1)),
      tokens(SECRET.slice(1)),
      tokens(`x${SECRET}`),
      tokens(SECRET.toUpperCase()),
      tokens('a'),
      tokens(SECRET.padEnd(8_192, 'x')),
      tokens(SECRET.repeat(2)),
    ),
  ],
  [
    'A3',
    'two token headers: good and bad, bad and good, good twice',
    '401',
    refused('shop', tokens(SECRET, 'x'), tokens('x', SECRET), tokens(SECRET, SECRET)),
  ],
  [
    'A3',
    'one token header with two values: `good, bad`',
    '401',
    refused('shop', tokens(`${SECRET}, x`), tokens(`x, ${SECRET}`)),
  ],
  [
    'A4',
    'two Authorization headers; Basic and Bearer together',
    '401',
    refused(
      'news',
      authorization(RIGHT, RIGHT),
      authorization(RIGHT, basicOf('mj:x')),
      authorization(basicOf('mj:x'), RIGHT),
      authorization(RIGHT, `Bearer ${SECRET}`),
      authorization(`Bearer ${SECRET}`, RIGHT),
      authorization(`${RIGHT}, Bearer ${SECRET}`),
    ),
  ],
  ['A5', 'a token beyond ASCII, in UTF-8 as configured', '200', letIn('wide', [['X-Key', utf8(WIDE_SECRET)]])],
  ['A5', 'the same token in latin-1', '401', refused('wide', [['X-Key', WIDE_SECRET]])],
  [
    'A7',
    'the old token and the new one during a rotation',
    '200, and the event says which of them it was',
    async (site) => {
      for (const [label, value] of [
        ['old', OLD_SECRET],
        ['new', SECRET],
      ] as const) {
        const answer = await site.send({ source: 'rotating', credentials: false, headers: tokens(value) })
        expect(answer.status).toBe(200)
        await site.receiver.whenIdle()
        expect(site.events.at(-1)?.delivery.credential).toBe(label)
      }
    },
  ],
  [
    'A7',
    'a token that was taken out; both tokens at once',
    '401',
    refused(
      'rotating',
      tokens('the-secret-of-the-year-before'),
      tokens(OLD_SECRET, SECRET),
      tokens(`${OLD_SECRET},${SECRET}`),
    ),
  ],
  [
    'A8',
    'Basic: no colon, no user, a colon more, another alphabet, no padding, latin-1, 12 kB, nothing',
    '401',
    refused(
      'news',
      authorization(basicOf(SECRET)),
      authorization(basicOf(`:${SECRET}`)),
      authorization(basicOf(`mj::${SECRET}`)),
      authorization(basicOf(`mj:${SECRET}:`)),
      authorization(`Basic mj:${SECRET}`),
      authorization(`Basic ${encoded.replace(/=*$/, '')}*`),
      authorization(`Basic ${Buffer.from(`mj:${SECRET}\xff`, 'latin1').toString('base64url')}`),
      authorization(basicOf('mj:größe', 'latin1')),
      authorization(basicOf(`mj:${'x'.repeat(9_000)}`)),
      authorization('Basic'),
      authorization('Basic '),
      authorization('Basic Og=='),
    ),
  ],
  [
    'A9',
    '`basic` and `BASIC`',
    '200',
    letIn('news', authorization(`basic ${encoded}`), authorization(`BASIC ${encoded}`)),
  ],
  [
    'A9',
    'a tab, two spaces or no space after the scheme; another scheme',
    '401',
    refused(
      'news',
      authorization(`Basic\t${encoded}`),
      authorization(`Basic  ${encoded}`),
      authorization(`Basic${encoded}`),
      authorization(`Digest ${encoded}`),
      authorization(encoded),
    ),
  ],
  [
    'A11',
    '300 wrong tokens from one address, each under another X-Forwarded-For',
    '401 each; the right token is let in all the while',
    async (site) => {
      for (let n = 0; n < 300; n += 30) {
        const guesses = Array.from({ length: 30 }, (_, m) => {
          const from: [string, string] = ['X-Forwarded-For', `203.0.113.${(n + m) % 250}`]
          return site.send({ credentials: false, headers: [...tokens(`guess-${n + m}`), from] })
        })
        const statuses = new Set((await Promise.all(guesses)).map(({ status }) => status))
        expect([...statuses].filter((status) => status !== 401 && status !== 429)).toEqual([])
        expect((await site.send()).status).toBe(200)
      }
    },
  ],
]

/** As the bytes of UTF-8 stand on the wire, one character each. */
function utf8(text: string): string {
  return Buffer.from(text).toString('latin1')
}

const coreRows: readonly Row[] = [
  [
    'A1',
    'a token that is configured and not set',
    'the start is refused; an empty one in the code is refused at once',
    async () => {
      const auth = token({ env: 'POSTHORN_TEST_UNSET' })
      const receiver = createReceiver({ inbox: memory(), sources: { shop: momentum({ auth }) }, logger: false })
      await expect(receiver.start()).rejects.toMatchObject({ code: 'ERR_SECRET_MISSING' })
      for (const empty of ['', ' ', '\n'])
        expect(() => token(empty)).toThrow(expect.objectContaining({ code: 'ERR_SECRET_INVALID' }))
    },
  ],
  [
    'A6',
    'candidates of every length from 0 to 300 against two secrets',
    'a verdict each, never an exception',
    async () => {
      const verify = await header('x-key', [SECRET, OLD_SECRET])[port].prepare(setting())
      for (let length = 0; length <= 300; length++) {
        const request = { method: 'POST', target: '/', rawHeaders: ['x-key', 'a'.repeat(length)] }
        expect(verify(request as unknown as Parameters<typeof verify>[0])).toMatchObject({ ok: false })
      }
      const last = { method: 'POST', target: '/', rawHeaders: ['x-key', OLD_SECRET] }
      expect(verify(last as unknown as Parameters<typeof verify>[0])).toMatchObject({ ok: true })
    },
  ],
]

export const credentials: readonly Attack[] = [...onHosts(rows), ...once(coreRows)]
