/** A receiver with a night of traffic in a time of its own, and its dashboard on a loopback port. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pages } from '../../../src/adapters/node.ts'
import { token } from '../../../src/auth/index.ts'
import { dashboard } from '../../../src/dashboard/index.ts'
import type { Access } from '../../../src/dashboard/types.ts'
import { PosthornError } from '../../../src/errors.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { port } from '../../../src/lib/symbols.ts'
import { mailjet } from '../../../src/providers/mailjet/index.ts'
import { momentum, momentumRelay } from '../../../src/providers/momentum/index.ts'
import { deliver, sampleEvent } from '../../../src/testing/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { all, receiverIn } from '../../support/receivers.ts'

export const NOW = Date.UTC(2026, 10, 28, 3, 12)
const MINUTE = 60_000

export const EVERYTHING = {
  people: 'clear',
  bytes: true,
  act: ['retry', 'replay', 'reparse', 'drop', 'pause', 'resume', 'prune', 'erase'],
} as const satisfies Omit<Access, 'who'>

/** What runs, moves or hides where a page is careless. */
export const NAUGHTY = [
  '<script>globalThis.ran=1</script>',
  '"><img src=x onerror=globalThis.ran=1>',
  "'><svg/onload=globalThis.ran=1>",
  '</title></textarea></style><script>ran=1</script>',
  '<iframe srcdoc="<script>parent.ran=1</script>">',
  'javascript:globalThis.ran=1',
  '{{constructor.constructor("ran=1")()}}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what a template would fill in
  '${globalThis.ran=1}',
  '\u202egnp.exe\u202c',
  'zero\u200bwidth\ufeff\u2060',
  'null\u0000bell\u0007escape\u001b[31m',
  '\u2028line\u2029paragraph',
  '&lt;b&gt;&amp;&#x41;',
  '-->]]><!--',
  'e\u0301 \ud83d\ude00 \ufdfd \u0e49\u0e49\u0e49\u0e49',
  'a'.repeat(5_000),
] as const

export interface World {
  readonly url: string
  readonly clock: FakeClock
  readonly receiver: ReturnType<typeof receiverIn>
  /** Whether the database of the handler is down. */
  readonly database: { isDown: boolean }
  /** From now on the inbox answers nobody. */
  lose(): void
  readonly ids: { delivery: string; event: string; dead: string; message: string; key: string }
  close(): Promise<void>
}

export interface WorldOptions {
  readonly access?: Omit<Access, 'who'>
  readonly traffic?: 'none' | 'night' | 'naughty'
}

export async function world({ access = EVERYTHING, traffic = 'night' }: WorldOptions = {}): Promise<World> {
  const clock = new FakeClock(NOW - (traffic === 'none' ? 0 : 26 * 60 * MINUTE))
  const database = { isDown: false }
  const inbox = memory()
  const receiver = receiverIn(clock, {
    inbox,
    sources: {
      shop: momentum({ auth: token([{ label: '2026', secret: 'shop-secret-of-the-tests' }]) }),
      letters: mailjet({ auth: token('letters-secret-of-the-tests') }),
      ...(traffic === 'naughty' ? { mails: momentumRelay({ auth: token('mails-secret-of-the-tests') }) } : {}),
    },
    handlers: { retry: { attempts: 1 } },
  })
  receiver.on('*', { name: 'warehouse' }, async (event: { readonly type: string }) => {
    if (!database.isDown) return
    const cause = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { code: 'ECONNREFUSED' })
    throw Object.assign(new Error(`could not store ${event.type}`, { cause }), { code: 'ECONNREFUSED' })
  })
  receiver.on('*', { name: 'suppression list' }, async () => {})
  await receiver.start()
  // Listens from the beginning, as that of an application does.
  const board = dashboard(receiver as never)
  const server = createServer(pages(board, { access: () => ({ who: 'night shift', ...access }) }) as never)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ops`
  const made = { url, clock, receiver, database, ids: { delivery: '', event: '', dead: '', message: '', key: '' } }
  if (traffic === 'night') await night(made)
  if (traffic === 'naughty') await naughty(made)
  return {
    ...made,
    lose() {
      const away = () => Promise.reject(new PosthornError('ERR_INBOX_IO', 'The disk is gone'))
      Object.assign(inbox[port].records, { stats: away, list: away, delivery: away })
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await receiver.close({ timeoutMs: 0 })
    },
  }
}

type Making = Omit<World, 'close' | 'lose'>

const seconds = (clock: FakeClock) => Math.floor(clock.now() / 1_000)

function shop(clock: FakeClock, name: string, more: object): object {
  return { ...(sampleEvent(name as 'momentum.bounce').payload as object), timestamp: String(seconds(clock)), ...more }
}

function letter(clock: FakeClock, name: string, more: object): object {
  return { ...(sampleEvent(name as 'mailjet.open').payload as object), time: seconds(clock), ...more }
}

const REPLY = '550 5.1.1 <jo@shop.example>: Recipient address rejected: User unknown in virtual mailbox table'

/** A day of traffic by the half hour, then an hour by the minute, in which a database goes down. */
async function night({ clock, receiver, database, ids, url }: Making): Promise<void> {
  const post = (source: 'shop' | 'letters', body: object[] | string) =>
    deliver(receiver as never, source as never, body)
  let n = 0
  const batch = (size: number) =>
    Array.from({ length: size }, () => {
      const i = n++
      const message_id = `m${String(100_000 + i)}`
      const rcpt_to = `${NAMES[i % NAMES.length]}${i}@${DOMAINS[i % DOMAINS.length]}`
      const name = KINDS[i % KINDS.length] ?? 'momentum.delivery'
      return shop(clock, name, {
        message_id,
        rcpt_to,
        raw_rcpt_to: rcpt_to,
        event_id: `e${i}`,
        ...(name === 'momentum.bounce' ? { raw_reason: REPLY, reason: REPLY, bounce_class: '10' } : {}),
      })
    })
  for (let half = 0; half < 50; half++) {
    await post('shop', batch(3 + (half % 7)))
    if (half % 2 === 0)
      await post('letters', [
        letter(clock, 'mailjet.open', { MessageID: `${9_000 + half}`, email: `al${half}@letters.example` }),
      ])
    await clock.advance(30 * MINUTE)
  }
  await life(clock, post)
  for (let minute = 0; minute < 50; minute++) {
    if (minute === 40) database.isDown = true
    await post('shop', batch(2 + ((minute * 7) % 5)))
    await clock.advance(MINUTE)
  }
  await post('shop', [
    { msys: { message_event: { type: 'bounce', timestamp: 'not a time', bounce_class: { odd: true } } } },
    { msys: 7 } as object,
  ])
  await post('shop', '{"no": "json')
  const repeated = JSON.stringify(batch(2).map((fields) => ({ msys: { message_event: fields } })))
  for (let i = 0; i < 3; i++) await post('shop', repeated)
  const { inbox } = receiver
  const [letters, deliveries] = [await all(inbox.deadLetters()), await all(inbox.deliveries())]
  ids.dead = letters[0]?.event.id ?? ''
  ids.delivery = letters[0]?.event.delivery.id ?? deliveries[0]?.id ?? ''
  const [bounce] = await all(inbox.events({ since: new Date(0), filter: 'message:m-of-jo type:bounced' }))
  ids.event = bounce?.id ?? ''
  ids.message = 'm-of-jo'
  ids.key = await keyOf(url, 'jo@shop.example')
  await inbox.replay({ filter: 'source:letters since:24h' } as never, {})
  await receiver.whenIdle()
}

const NAMES = ['jo', 'ada', 'grace', 'linus', 'edsger']
const DOMAINS = ['shop.example', 'mail.example', 'firma.example']
const KINDS = [
  'momentum.injection',
  'momentum.delivery',
  'momentum.open',
  'momentum.delivery',
  'momentum.click',
  'momentum.bounce',
  'momentum.delivery',
  'momentum.spam_complaint',
  'momentum.delivery',
  'momentum.list_unsubscribe',
]

/** One mail that was delivered, opened by a machine and bounced after all; its events come an hour late. */
async function life(clock: FakeClock, post: (source: 'shop', body: object[]) => Promise<unknown>): Promise<void> {
  const of = (name: string, ago: number, more: object = {}) =>
    shop(clock, name, {
      message_id: 'm-of-jo',
      rcpt_to: 'jo@shop.example',
      raw_rcpt_to: 'jo@shop.example',
      event_id: `jo-${name}`,
      ...more,
      timestamp: String(seconds(clock) - ago),
    })
  await post('shop', [
    of('momentum.injection', 3_600),
    of('momentum.delay', 3_000, {
      raw_reason: '451 4.7.1 Greylisting in action, please come back later',
      bounce_class: '24',
    }),
    of('momentum.delivery', 2_400),
    of('momentum.initial_open', 2_300, { is_prefetched: true }),
    of('momentum.click', 1_200, { target_link_url: 'https://shop.example/spring?sale=1' }),
    of('momentum.out_of_band', 600, { raw_reason: REPLY, reason: REPLY, bounce_class: '10' }),
  ])
}

/** Each text in every field that is a text. */
async function naughty({ clock, receiver, database, ids, url }: Making): Promise<void> {
  database.isDown = true
  for (const [i, text] of NAUGHTY.entries()) {
    const poison = (fields: object): object =>
      Object.fromEntries(
        Object.entries(fields).map(([key, value]) => [
          key,
          typeof value === 'string' && !FIXED.has(key) ? text : value,
        ]),
      )
    const id = `${i}-${text.slice(0, 200)}`
    const bounce = {
      ...poison(shop(clock, 'momentum.bounce', {})),
      rcpt_to: `${text.slice(0, 40)}@shop.example`,
      message_id: id,
      raw_reason: text,
      rcpt_meta: { [text.slice(0, 100)]: text },
      bounce_class: '10',
    }
    const click = {
      ...poison(shop(clock, 'momentum.click', {})),
      target_link_url: text,
      message_id: id,
      rcpt_to: `n${i}@shop.example`,
      raw_rcpt_to: `n${i}@shop.example`,
    }
    await deliver(receiver as never, 'shop' as never, [bounce, click])
    await clock.advance(MINUTE)
  }
  const relay = sampleEvent('momentum.relay_message').payload as { readonly content: object }
  const content = {
    ...relay.content,
    subject: NAUGHTY[0],
    text: NAUGHTY[1],
    html: NAUGHTY[3],
    headers: [{ [NAUGHTY[2]]: NAUGHTY[8] }],
  }
  await deliver(receiver as never, 'mails' as never, [{ ...relay, content }])
  const [mail] = await all(receiver.inbox.events({ since: new Date(0), filter: 'source:mails' }))
  const letter = (await all(receiver.inbox.deadLetters())).find(({ event }) => event.source === 'shop')
  ids.dead = letter?.event.id ?? ''
  ids.event = mail?.id ?? ''
  ids.delivery = letter?.event.delivery.id ?? ''
  ids.message = `1-${NAUGHTY[1]}`
  ids.key = await keyOf(url, 'n3@shop.example')
}

const FIXED = new Set(['type', 'timestamp', 'event_id', 'bounce_class'])

/** As the search box leads to it. */
async function keyOf(url: string, address: string): Promise<string> {
  const { origin } = new URL(url)
  const answer = await fetch(`${url}?search`, {
    method: 'POST',
    headers: { origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ q: address }),
    redirect: 'manual',
  })
  return new URLSearchParams((answer.headers.get('location') ?? '').replace(/^\?/, '')).get('key') ?? ''
}

/** Every view, with what it needs. */
export function addressesOf({ ids }: World): Readonly<Record<string, string>> {
  const at = (view: string, more: Record<string, string> = {}) => `?${new URLSearchParams({ view, ...more })}`
  return {
    now: at('now'),
    sender: at('sender', { source: 'shop' }),
    deliveries: at('deliveries'),
    delivery: at('delivery', { id: ids.delivery || 'd_aaaaaaaaaaaaaaaaaaaaaaaaaa' }),
    events: at('events', { range: '24h' }),
    event: at('event', { id: ids.event || 'd_aaaaaaaaaaaaaaaaaaaaaaaaaa.0' }),
    deadEvent: at('event', { id: ids.dead || 'd_aaaaaaaaaaaaaaaaaaaaaaaaaa.0' }),
    message: at('message', { id: ids.message || 'none' }),
    person: at('person', { key: ids.key || 'aaaaaaaaaaaaa' }),
    bounces: at('bounces', { domains: '1' }),
    suppression: at('suppression'),
    dead: at('dead'),
    deadOf: at('dead', { filter: 'handler:warehouse' }),
    quarantine: at('quarantine'),
    replays: at('replays'),
    handlers: at('handlers'),
    storage: at('storage'),
    error: at('events', { filter: 'tpye:bounced' }),
  }
}
