/** Section A, second part: paths, methods, headers. */
import { expect } from 'vitest'
import { type Attack, onHosts, type Row } from './harness/attack.ts'
import { BATCH, good, SECRET, type Site, TOKEN } from './harness/site.ts'

const PATHS = [
  '/webhooks/shop/',
  '/webhooks//shop',
  '//webhooks/shop',
  '/webhooks/%73hop',
  '/%77ebhooks/shop',
  '/webhooks/shop;x',
  '/webhooks/SHOP',
  '/WEBHOOKS/shop',
  '/webhooks/../webhooks/shop',
  '/webhooks/./shop',
  '/webhooks/x/../shop',
  '/webhooks/shop%00',
  '/webhooks/shop%2f',
  '/webhooks%2fshop',
  '/webhooks\\shop',
  '/webhooks/shop?a=/webhooks/open',
  '/webhooks/shop#/open',
  '/webhooks/shop/open/../../shop',
  'http://evil.example/webhooks/shop',
  'http://evil.example:99999/webhooks/shop',
  '*',
  'shop',
]

const METHODS = ['PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** A 200 that stored its body. */
const taken = (headers: ReadonlyArray<readonly [string, string]>, more = {}) =>
  async function isTaken(site: Site) {
    const body = good()
    const answer = await site.send({ body, headers, ...more })
    expect(answer.status, JSON.stringify(headers).slice(0, 80)).toBe(200)
    const { id } = JSON.parse(answer.body)
    expect(await site.stored()).toEqual([id])
    expect(Buffer.from(await (await site.receiver.inbox.delivery(id))!.body()).toString()).toBe(body)
    return answer
  }

const batchIds = [
  '',
  '../../x',
  "'; drop table deliveries; --",
  'é☃'.padEnd(200, '☃'),
  ' a b ',
  'x'.repeat(4_000),
  '__proto__',
]

const rows: readonly Row[] = [
  [
    'A13',
    `${PATHS.length} ways to write the path, without credentials`,
    'never 200, nothing stored',
    async (site) => {
      for (const path of PATHS) {
        const answer = await site.send({ path, credentials: false })
        expect([400, 401, 404], path).toContain(answer.status)
      }
      expect(await site.stored()).toEqual([])
    },
  ],
  [
    'A13',
    'the same with credentials',
    'stored for the source that they are for, or 404',
    async (site) => {
      for (const path of PATHS) {
        const answer = await site.send({ path })
        expect([200, 400, 401, 404], path).toContain(answer.status)
        for (const id of await site.stored()) expect((await site.receiver.inbox.delivery(id))?.source).toBe('shop')
      }
    },
  ],
  [
    'A14',
    'PUT, PATCH, DELETE, OPTIONS',
    '405 with Allow, nothing stored',
    async (site) => {
      for (const method of METHODS) {
        const answer = await site.send({ method })
        expect(answer, method).toMatchObject({ status: 405, headers: { allow: 'POST, HEAD' } })
      }
      expect(await site.stored()).toEqual([])
    },
  ],
  [
    'A14',
    'TRACE, CONNECT, PROPFIND, `post` and no method at all',
    'never 200, nothing stored',
    async (site) => {
      for (const method of ['TRACE', 'CONNECT', 'PROPFIND', 'post', '']) {
        const { answers } = await site.raw(site.build({ method, headers: [['Connection', 'close']] }))
        for (const { status } of answers) expect(status, method).not.toBe(200)
      }
      expect(await site.stored()).toEqual([])
    },
  ],
  [
    'A14',
    'GET and HEAD',
    'GET is 200 where the sender checks so, else 405; HEAD is 200; nothing stored',
    async (site) => {
      const look = (source: string, method: string) => site.send({ source, method, body: '', credentials: false })
      expect(await look('crm', 'GET')).toMatchObject({ status: 200, body: '{"status":"probe"}' })
      expect((await look('shop', 'GET')).status).toBe(405)
      expect(await look('shop', 'HEAD')).toMatchObject({ status: 200, body: '' })
      expect(await site.stored()).toEqual([])
    },
  ],
  [
    'A13',
    'a source whose address holds its secret, with another one, none, one more segment, an encoded one',
    '404 to every method, as if it were not there; 200 with the right one',
    async (site) => {
      for (const method of ['POST', 'GET', 'HEAD', 'PUT'])
        for (const path of [
          '/webhooks/wrong/old',
          '/webhooks/old',
          `/webhooks/%61${SECRET.slice(1)}/old`,
          `/webhooks/${SECRET}/x/old`,
          `/webhooks/${SECRET.toUpperCase()}/old`,
        ])
          expect((await site.send({ source: 'old', credentials: false, method, path })).status, path).toBe(404)
      expect(await site.stored()).toEqual([])
      expect((await site.send({ source: 'old', credentials: false, path: `/webhooks/${SECRET}/old` })).status).toBe(200)
    },
  ],
  [
    'A15',
    'X-HTTP-Method-Override, X-Method and `_method` beside a good post',
    'ignored: 200 and stored',
    taken(
      [
        ['X-HTTP-Method-Override', 'GET'],
        ['X-HTTP-Method', 'DELETE'],
        ['X-Method-Override', 'PUT'],
      ],
      { path: '/webhooks/shop?_method=DELETE' },
    ),
  ],
  [
    'A16',
    'headers called `__proto__`, `constructor`, `toString`, `hasOwnProperty`, `then`',
    'no crash: 200 and stored',
    taken(
      ['__proto__', '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', 'prototype'].map((name) => [
        name,
        'x',
      ]),
    ),
  ],
  [
    'A16',
    '2 100 headers before the token, and after it',
    '431, or 200 with the bytes stored; never 200 without',
    async (site) => {
      const many: [string, string][] = Array.from({ length: 2_100 }, () => ['a', ''])
      for (const headers of [
        [...many, [TOKEN, SECRET] as const],
        [[TOKEN, SECRET] as const, ...many],
      ]) {
        const { answers } = await site.raw(site.build({ credentials: false, headers }), { answers: 1 })
        expect([401, 431, 200]).toContain(answers[0]?.status)
        expect(await site.stored()).toHaveLength(answers[0]?.status === 200 ? 1 : 0)
      }
    },
  ],
  [
    'A17',
    `batch ids: none, twice, ${batchIds.length} odd ones`,
    '200 and stored; one that is no printable ASCII of 128 characters is as none',
    async (site) => {
      await taken([])(site)
      await taken([
        [BATCH, 'a'],
        [BATCH, 'b'],
      ])(site)
      for (const id of batchIds) {
        await taken([[BATCH.toUpperCase(), Buffer.from(id).toString('latin1')]])(site)
        await site.receiver.whenIdle()
        const kept = site.events.at(-1)?.delivery.batchId ?? null
        expect(kept === null || /^[\x21-\x7e]{1,128}$/.test(kept)).toBe(true)
      }
    },
  ],
  [
    'A17',
    'a batch id of 100 kB, and one with NUL',
    '431 and 400, nothing stored',
    async (site) => {
      const status = async (id: string) => (await site.send({ headers: [[BATCH, id]] })).status
      expect(await status('x'.repeat(100_000))).toBe(431)
      expect(await status('a\0b')).toBe(400)
      expect(await site.stored()).toEqual([])
    },
  ],
  [
    'A18',
    'the batch id of a stored delivery with other content',
    'stored and handled as new, and reported',
    async (site) => {
      const headers = [[BATCH, 'b-guessed']] as const
      const [first, second] = [await taken(headers)(site), await taken(headers)(site)]
      expect([first, second].map(({ body }) => JSON.parse(body).status)).toEqual(['accepted', 'accepted'])
      const before = site.events.length
      await site.receiver.whenIdle()
      expect(site.events.length).toBeGreaterThanOrEqual(before)
      expect(new Set(site.events.slice(-2).map(({ delivery }) => delivery.id)).size).toBe(2)
    },
  ],
  [
    'A19',
    'odd Host, Origin, Referer, cookies',
    'ignored: 200, and no CORS header or cookie comes back',
    async (site) => {
      const bytes = site
        .build({
          headers: [
            ['Origin', 'https://evil.example'],
            ['Referer', 'https://evil.example/?a=<script>'],
            ['Cookie', 'session=1; __proto__=2'],
          ],
        })
        .toString('latin1')
        .replace('Host: localhost', 'Host: evil.example:1')
      const { answers } = await site.raw(Buffer.from(bytes, 'latin1'), { answers: 1 })
      expect(answers[0]?.status).toBe(200)
      const odd = Object.keys(answers[0]?.headers ?? {}).filter((name) => /^access-control|^set-cookie/.test(name))
      expect(odd).toEqual([])
    },
  ],
]

export const requests: readonly Attack[] = onHosts(rows)
