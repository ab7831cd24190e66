/** Section J, second part: numbers, Unicode, content types, text that is no JSON. */
import { runInThisContext } from 'node:vm'
import { expect } from 'vitest'
import { unauthenticated } from '../../src/auth/index.ts'
import { canonicalEmail } from '../../src/lib/email.ts'
import { port } from '../../src/lib/symbols.ts'
import { esputnik } from '../../src/providers/esputnik/index.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'
import { momentum } from '../../src/providers/momentum/index.ts'
import { type Attack, once, onHosts, type Row } from './harness/attack.ts'
import { good, type Site } from './harness/site.ts'

const around = (...inside: (string | readonly number[])[]) =>
  Buffer.concat(['{"event":"open","email":"', ...inside, '"}'].map((part) => Buffer.from(part as string)))

/** Stored as it came, and no handler has seen it. */
const whole = (...bodies: readonly (string | Uint8Array)[]) =>
  async function isQuarantinedWhole(site: Site) {
    for (const body of bodies) {
      const { answer, events, quarantined } = await site.digest('news', body)
      expect(answer.status).toBe(200)
      expect(events).toEqual([])
      expect(quarantined, String(body).slice(0, 60)).toMatchObject([{ index: null }])
    }
    expect(await site.stored()).toHaveLength(bodies.length)
  }

const one = async (site: Site, body: string | Uint8Array, source = 'news') => {
  const { events, quarantined } = await site.digest(source, body)
  expect(quarantined).toEqual([])
  expect(events).toHaveLength(1)
  return events[0]!
}

/** Every number and date in it is one. */
function isSound(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (value instanceof Date) return !Number.isNaN(value.getTime())
  return typeof value !== 'object' || value === null || Object.values(value).every(isSound)
}

const NUMBERS = [
  '1e400',
  '-1e400',
  '-0',
  '1E-999',
  '0.1e1',
  '9007199254740993',
  '1e18',
  '-1',
  '1e308',
  '0.0000001',
  `1${'0'.repeat(400)}`,
]
const TIMES = [
  ...NUMBERS,
  '"abc"',
  '"1e18"',
  '"99999999999999"',
  'null',
  'true',
  '[]',
  '"-1"',
  '"NaN"',
  '"Infinity"',
  '"0x10"',
]

/** Every sender's provider, as a source holds it. */
function sourcePort(sender: 'momentum' | 'mailjet' | 'esputnik') {
  const auth = unauthenticated()
  return { momentum: momentum({ auth }), mailjet: mailjet({ auth }), esputnik: esputnik({ auth, timeZone: 'UTC' }) }[
    sender
  ][port]
}

/** Ends what would not end by itself; a backtracking expression takes hours over these texts. */
function withinReason<T>(run: () => T): T {
  const name = Symbol.for('posthorn.test.run')
  Object.defineProperty(globalThis, name, { value: run, configurable: true })
  try {
    return runInThisContext("globalThis[Symbol.for('posthorn.test.run')]()", { timeout: 20_000 })
  } finally {
    Reflect.deleteProperty(globalThis, name)
  }
}

const BAIT = [
  `a@${'0.'.repeat(500_000)}`,
  '"'.repeat(500_000),
  '('.repeat(500_000),
  `${' '.repeat(500_000)}@`,
  `smtp;${' '.repeat(500_000)}x`,
  '550 5.'.repeat(200_000),
  ': '.repeat(500_000),
  `:${' '.repeat(500_000)}`,
  '5.5.'.repeat(300_000),
  'said: '.repeat(200_000),
  `2026-01-01T00:00:00.${'1'.repeat(500_000)}x`,
  `2026-01-01T00:00:00${' '.repeat(500_000)}Z`,
  'm-_ '.repeat(300_000),
  ',,,'.repeat(300_000),
  'Mozilla/5.0 ('.repeat(100_000),
  `http://${'a.'.repeat(300_000)}`,
  `"${'\\"'.repeat(300_000)}"@x`,
]

const BAITED = [
  'email',
  'rcpt_to',
  'raw_rcpt_to',
  'user_agent',
  'agent',
  'url',
  'target_link_url',
  'comment',
  'error',
  'error_related_to',
  'smtp_reply',
  'reason',
  'raw_reason',
  'statusDescription',
  'mediaType',
  'messageTag',
  'activityDateTime',
  'timestamp',
  'time',
  'error_code',
  'geo',
]

const baited = (bait: string) => Object.fromEntries(BAITED.map((name) => [name, bait]))

const coreRows: readonly Row[] = [
  [
    'J6',
    'a key twice: `{"event":"open","event":"bounce"}`',
    'the last one counts, as everywhere; the bytes are kept',
    async (site) => {
      expect((await one(site, '{"event":"open","event":"click","n":1}')).name).toBe('mailjet.click')
    },
  ],
  [
    'J7',
    'MessageID 19421777835146491 and …492, which are one number to JavaScript',
    'two ids, every digit kept',
    async (site) => {
      const body = '[{"event":"open","MessageID":19421777835146491},{"event":"open","MessageID":19421777835146492}]'
      const { events } = await site.digest('news', body)
      expect(events.map(({ messageId }) => messageId)).toEqual(['19421777835146491', '19421777835146492'])
    },
  ],
  [
    'J8',
    `${NUMBERS.length} numbers at the edge, in known and unknown fields`,
    'no NaN and no Infinity reaches a handler',
    async (site) => {
      for (const number of NUMBERS) {
        const { events, quarantined } = await site.digest(
          'news',
          `{"event":"open","MessageID":${number},"x":[${number}],"CustomID":${number}}`,
        )
        expect(events.length + quarantined.length, number).toBe(1)
        for (const event of events) expect(isSound(event), number).toBe(true)
      }
    },
  ],
  [
    'J8',
    `${TIMES.length} times that are none, for every sender`,
    'the time of receipt stands in, and is a date',
    async (site) => {
      for (const time of TIMES)
        for (const [source, body] of [
          ['shop', `[{"msys":{"track_event":{"type":"open","timestamp":${time}}}}]`],
          ['news', `{"event":"open","time":${time}}`],
          ['crm', `[{"activityStatus":"READ","activityDateTime":${time}}]`],
        ] as const)
          for (const event of (await site.digest(source, body)).events) {
            expect(isSound(event), time).toBe(true)
            expect(event.occurredAt.getTime(), time).toBeGreaterThanOrEqual(0)
          }
    },
  ],
  [
    'J9',
    'lone surrogates and a reversed pair, escaped',
    'handled and stored as they came; the event id does not depend on them',
    async (site) => {
      for (const text of ['\\ud800', '\\udc00\\ud800', 'a\\udfffb']) {
        const event = await one(site, `{"event":"open","email":"${text}@shop.example"}`)
        expect(event.email).toBe(JSON.parse(`"${text}@shop.example"`))
      }
    },
  ],
  [
    'J10',
    '`\\u0000` in a value and in a key',
    'handled; the same text comes out',
    async (site) => {
      const event = await one(site, '{"event":"open","email":"a\\u0000b@shop.example","k\\u0000":"v"}')
      expect(event.email).toBe('a\0b@shop.example')
      expect(event.payload).toHaveProperty(['k\0'], 'v')
    },
  ],
  [
    'J11',
    'bytes that are no UTF-8: FF FE, C0 AF, ED A0 80, a sequence cut off, an overlong NUL, F5',
    'stored as they came, the element in quarantine alone: nothing is replaced, and those beside it are handled',
    async (site) => {
      const bad = [
        [0xff, 0xfe],
        [0xc0, 0xaf],
        [0xed, 0xa0, 0x80],
        [0xe2, 0x82],
        [0xc0, 0x80],
        [0xf5, 0x80, 0x80, 0x80],
      ]
      const good = Buffer.from('{"event":"spam","email":"jo@shop.example"}')
      for (const [n, bytes] of [...bad, [0x80]].entries()) {
        const body = Buffer.concat([Buffer.from(`[${n},`), good, Buffer.from(','), around(bytes), Buffer.from(']')])
        const { events, quarantined } = await site.digest('news', body)
        expect(events.map(({ name, delivery }) => [name, delivery.index])).toEqual([['mailjet.spam', 1]])
        expect(quarantined).toMatchObject([{ index: 0 }, { index: 2, reason: expect.stringContaining('not UTF-8') }])
      }
    },
  ],
  [
    'J11',
    'such bytes before the list, behind it, and where they hide a quote',
    'stored as they came, the delivery in quarantine: its borders are not certain',
    whole(
      Buffer.concat([Buffer.of(0xff), Buffer.from('[{"event":"open"}]')]),
      Buffer.concat([Buffer.from('[{"event":"open"}]'), Buffer.of(0xff)]),
      Buffer.concat([Buffer.from('[{"event":"open"},{"email":"'), Buffer.of(0x95, 0x5c), Buffer.from('"}]')]),
    ),
  ],
  [
    'J12',
    'one UTF-8 BOM',
    'passed over: the event is handled',
    async (site) => {
      expect((await one(site, '\ufeff{"event":"open","bom":1}')).name).toBe('mailjet.open')
    },
  ],
  [
    'J12',
    'two BOMs; UTF-16 and UTF-32, with BOM and without',
    'stored as they came, the delivery in quarantine',
    whole(
      '\ufeff\ufeff{"event":"open"}',
      Buffer.from('\ufeff{"event":"open"}', 'utf16le'),
      Buffer.from('{"event":"open"}', 'utf16le'),
      Buffer.from('\ufeff{"event":"open"}', 'utf16le').swap16(),
      Buffer.concat([...'{"event":"open"}'].map((char) => Buffer.from([0, 0, 0, char.charCodeAt(0)]))),
    ),
  ],
  [
    'J15',
    'a form, multipart, XML, CSV, YAML',
    'stored as they came, the delivery in quarantine: nothing parses them',
    whole(
      'event=open&email=a%40b&__proto__[polluted]=1&a[0]=1&a[99999999]=2',
      '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
      '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
      'event,email\nopen,a@b',
      '- event: open\n  email: a@b\n',
    ),
  ],
  [
    'J16',
    'JSON with something behind it; two texts; one a line; primitives',
    'never a part of it: the delivery in quarantine',
    whole(
      '{"event":"open"} x',
      '{"event":"open"}{"event":"open"}',
      '{"event":"open"}\n{"event":"open"}\n',
      '[{"event":"open"}]]',
      '[{"event":"open"}',
      '{"event":"open"',
      'null',
      'true',
      '"open"',
      '17',
    ),
  ],
  [
    'J17',
    'a comment, single quotes, NaN, an unquoted key, a trailing comma in one element of three',
    'that element in quarantine, the others handled',
    async (site) => {
      for (const broken of [
        '{"event":/*x*/"open"}',
        "{'event':'open'}",
        '{"event":NaN}',
        '{event:"open"}',
        '{"event":"open",}',
        '{"a":"\t"}',
        '{"a":01}',
        '{"a":.5}',
        '{"a":"\\x"}',
      ]) {
        const { events, quarantined } = await site.digest('news', `[{"event":"open"},${broken},{"event":"open","n":1}]`)
        expect(
          events.map(({ delivery }) => delivery.index),
          broken,
        ).toEqual([0, 2])
        expect(quarantined, broken).toMatchObject([
          { index: 1, reason: expect.stringMatching(/^the element is not JSON at byte \d+: likely [a-z ]+$/i) },
        ])
      }
    },
  ],
  [
    'J17',
    'commas at the start, at the end, or two together',
    'the delivery in quarantine: its borders are not certain',
    whole('[{"event":"open"},]', '[,{"event":"open"}]', '[{"event":"open"},,{"event":"open"}]'),
  ],
  [
    'J18',
    'a user agent of 10 MB, 100 000 tags, metadata with 10 000 keys',
    'handled, with every byte of it',
    async (site) => {
      const agent = 'x'.repeat(10_000_000)
      const tags = JSON.stringify(Array.from({ length: 100_000 }, (_, n) => `t${n}`))
      const meta = JSON.stringify(Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`k${n}`, n])))
      const fields = `"type":"click","user_agent":"${agent}","rcpt_tags":${tags},"rcpt_meta":${meta}`
      const event = await one(site, `[{"msys":{"track_event":{${fields}}}}]`, 'shop')
      expect([event.tags.length, Object.keys(event.metadata).length]).toEqual([100_000, 10_000])
      expect(event).toHaveProperty('userAgent.length', agent.length)
    },
  ],
  [
    'J19',
    `${BAIT.length} baits for regular expressions in ${BAITED.length} fields of every sender, 100 kB to 1 MB each`,
    'read in one pass each: no expression backtracks',
    () => {
      for (const bait of BAIT) {
        expect(withinReason(() => canonicalEmail(bait))).toBeTypeOf('string')
        for (const [{ provider }, element] of [
          [sourcePort('momentum'), { msys: { message_event: { type: 'bounce', ...baited(bait) } } }],
          [sourcePort('mailjet'), { event: 'bounce', ...baited(bait) }],
          [sourcePort('esputnik'), { activityStatus: 'UNDELIVERED', ...baited(bait) }],
        ] as const)
          expect(withinReason(() => provider.read(element))).toBeTypeOf('object')
      }
    },
  ],
  [
    'J21',
    'addresses and batches that differ by normalisation only: NFC and NFD, dotless i, a wide @',
    'two deliveries of everything, and `recipient` as it was sent: only NFC and NFD, and the case, are one `email`',
    async (site) => {
      const texts = [
        'é@shop.example',
        'e\u0301@shop.example',
        'I@shop.example',
        'ı@shop.example',
        'a@shop.example',
        'a＠shop.example',
      ]
      const [ids, emails] = [new Set<string>(), new Set<string | null>()]
      for (const email of texts) {
        const event = await one(site, JSON.stringify({ event: 'open', email }))
        expect(event.recipient).toBe(email)
        emails.add(event.email)
        ids.add(event.delivery.id)
      }
      expect(ids.size).toBe(texts.length)
      const expected = ['é@shop.example', 'i@shop.example', 'ı@shop.example', 'a@shop.example', 'a＠shop.example']
      expect([...emails]).toEqual(expected)
    },
  ],
]

const TYPES = [
  '',
  'text/plain',
  'application/json\ta',
  ' application/json',
  'application/json garbage',
  'application/vnd.x+json',
  'APPLICATION/JSON',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
  ';',
  '/',
  'a'.repeat(4_000),
]

const withType = (site: Site, types: readonly string[]) =>
  site.send({ headers: types.map((type) => ['Content-Type', type]), body: good() })

const hostRows: readonly Row[] = [
  [
    'J13',
    'charset utf-7, utf-16le, iso-8859-1, quoted, twice, beside utf-8',
    '415, nothing stored: nothing is decoded as what it says',
    async (site) => {
      for (const charset of [
        'utf-7',
        'utf-16le',
        'UTF-16',
        'iso-8859-1',
        '"utf-7"',
        'utf-8; charset=utf-7',
        'utf-7; charset=utf-8',
        "'utf-7'",
        'ascii-utf-7',
      ])
        expect((await withType(site, [`application/json; charset=${charset}`])).status, charset).toBe(415)
      expect(
        (await withType(site, ['application/json; charset=utf-8', 'application/json; charset=utf-7'])).status,
      ).toBe(415)
      expect(await site.stored()).toEqual([])
    },
  ],
  [
    'J13',
    'charset utf-8, UTF8, us-ascii, ascii, quoted in both ways, empty',
    '200 and stored',
    async (site) => {
      const charsets = ['utf-8', 'UTF8', 'us-ascii', 'ASCII', '"utf-8"', "'utf-8'", ' utf-8 ', '', '""']
      for (const charset of charsets)
        expect((await withType(site, [`application/json; charset=${charset}`])).status, charset).toBe(200)
      expect(await site.stored()).toHaveLength(charsets.length)
    },
  ],
  [
    'J14',
    `${TYPES.length} content types, none, and two at once`,
    '200, and the same bytes stored each time',
    async (site) => {
      for (const types of [[], ...TYPES.map((type) => [type]), ['application/json', 'text/plain']])
        expect((await withType(site, types)).status, String(types).slice(0, 60)).toBe(200)
      expect(await site.stored()).toHaveLength(TYPES.length + 2)
    },
  ],
]

export const texts: readonly Attack[] = [...once(coreRows), ...onHosts(hostRows)]
