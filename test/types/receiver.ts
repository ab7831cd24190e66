/** Checked by the compiler, never run: what a handler may write, and what it may not. */
import express from 'express'
import fastify from 'fastify'
import { createReceiver, type EventOf, type NativeClassOf, type VerbReport } from 'posthorn'
import { basic, header, token } from 'posthorn/auth'
import { esputnik } from 'posthorn/esputnik'
import { closeOnSignals, webhooks } from 'posthorn/express'
import { webhooks as fastifyWebhooks } from 'posthorn/fastify'
import { type MailjetOpen, mailjet } from 'posthorn/mailjet'
import { type MomentumAmpClick, type MomentumBounce, type MomentumClick, momentum } from 'posthorn/momentum'
import { sparkpost } from 'posthorn/sparkpost'
import { sqlite } from 'posthorn/sqlite'

/** Compiles only when both types are the same, and neither is `any`. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type IsAny<T> = 0 extends 1 & T ? true : false
const is = <_T extends true>(): void => {}
const isNot = <_T extends false>(): void => {}

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: {
    shop: momentum({ auth: token({ env: 'MOMENTUM_TOKEN' }) }),
    outlet: sparkpost({ auth: token(['old-token-of-some-length', { label: 'new', secret: { env: 'NEW' } }]) }),
    news: mailjet({ auth: basic({ username: 'u', password: { env: 'P' } }) }),
    crm: esputnik({ auth: header('x-key', () => 'from-a-vault-of-some-kind'), timeZone: 'Europe/Kyiv' }),
  },
})

receiver.on('effect.suppress', { name: 'suppress' }, async (event) => {
  is<Same<typeof event.email, string>>()
  is<Same<typeof event.effect, 'suppress'>>()
})
receiver.on('momentum.click', { name: 'clicks' }, async (event, context) => {
  is<Same<typeof event.payload, MomentumClick>>()
  is<Same<typeof event.type, 'clicked'>>()
  isNot<IsAny<typeof event.payload.target_link_url>>()
  event.payload.target_link_url?.toString()
  event.url?.startsWith('https:')
  context.signal.throwIfAborted()
  // @ts-expect-error a misspelt field does not compile
  event.payload.target_link_ulr
  // @ts-expect-error clicks have no bounce
  event.bounce
})
receiver.on('momentum.bounce', (event) => {
  is<Same<typeof event.payload, MomentumBounce>>()
  // @ts-expect-error an auto-reply comes as a bounce too: check the type first
  event.bounce
  if (event.type === 'bounced')
    is<Same<typeof event.bounce.kind, 'hard' | 'soft' | 'block' | 'admin' | 'undetermined'>>()
})
receiver.on('bounced', { source: 'news' }, (event) => {
  event.bounce.class
  isNot<IsAny<typeof event>>()
})
receiver.on('opened', (event) => {
  event.open.counts satisfies boolean
  if (event.name === 'mailjet.open') is<Same<typeof event.payload, MailjetOpen>>()
})
receiver.on('mailjet.*', (event) => is<Same<typeof event.provider, 'mailjet'>>())
receiver.on('momentum.track_event.*', (event) => {
  type Tracked = 'open' | 'initial_open' | 'click' | 'amp_open' | 'amp_initial_open' | 'amp_click'
  is<Same<typeof event.name, `momentum.${Tracked}`>>()
  is<Same<typeof event.type, 'opened' | 'clicked'>>()
  if (event.type === 'clicked') is<Same<typeof event.payload, MomentumClick | MomentumAmpClick>>()
  isNot<IsAny<typeof event>>()
  // @ts-expect-error what is tracked has no bounce
  event.bounce
})
receiver.on(['momentum.unsubscribe_event.*', 'mailjet.unsub'], (event) => {
  is<Same<typeof event.type, 'unsubscribed'>>()
  is<Same<typeof event.name, 'momentum.list_unsubscribe' | 'momentum.link_unsubscribe' | 'mailjet.unsub'>>()
})
is<Same<EventOf<typeof receiver, 'momentum.gen_event.*'>['type'], 'failed' | 'rejected'>>()
is<Same<NativeClassOf<EventOf<typeof receiver, 'mailjet.*'>>, never>>()
// @ts-expect-error a class without its star
receiver.on('momentum.track_event', () => {})
// @ts-expect-error a class that is none
receiver.on('momentum.tracked_event.*', () => {})
// @ts-expect-error Mailjet has no classes
receiver.on('mailjet.track_event.*', () => {})
// @ts-expect-error a relayed message is a class of its own
receiver.on('momentum.relay_message.*', () => {})
// @ts-expect-error the events of SparkPost are called momentum.*
receiver.on('sparkpost.bounce', () => {})
receiver.on(['mailjet.open', 'esputnik.read'], (event) => is<Same<typeof event.type, 'opened'>>())
receiver.on('*', (event) => is<Same<typeof event, EventOf<typeof receiver>>>())
receiver.onBatch('*', { name: 'warehouse', size: 1000 }, async (events) => {
  is<Same<(typeof events)[number], EventOf<typeof receiver>>>()
  return { failed: [{ id: events[0]?.id ?? '', error: new Error('full') }] }
})

receiver.on(
  'bounced',
  { name: 'kept', orderBy: (event) => event.bounce.reason ?? event.recipient },
  (event, context) => {
    is<Same<typeof context.outOfOrder, boolean>>()
    event.bounce.kind.toString()
  },
)
receiver.on(
  'effect.suppress',
  {
    orderBy: (event) => {
      is<Same<typeof event.email, string>>()
      isNot<IsAny<typeof event>>()
      return event.email
    },
  },
  () => {},
)
mailjet({ auth: basic({ username: 'u', password: 'p' }), dedupeEvents: true })
sparkpost({ auth: token('t'), dedupeEvents: { windowMs: 86_400_000 } })
esputnik({ auth: header('x-key', 'k'), dedupeEvents: {} })
is<Same<ReturnType<typeof receiver.metrics>['duplicateEvents'], number>>()

// @ts-expect-error a window is a number of milliseconds
momentum({ auth: token('t'), dedupeEvents: { windowMs: '48h' } })
// @ts-expect-error a key is a text
receiver.on('bounced', { orderBy: (event) => event.occurredAt }, () => {})
// @ts-expect-error clicks have no bounce
receiver.on('clicked', { orderBy: (event) => event.bounce.reason }, () => {})
// What a database returns is of no matter.
receiver.onBatch('*', { name: 'rows' }, async (events) => ({ rowCount: events.length, rows: [] }))
receiver.onBatch('*', async (events) => Promise.allSettled(events.map(async (event) => event.id)))
// @ts-expect-error a batch has no order
receiver.onBatch('*', { orderBy: (event: unknown) => String(event) }, () => {})
// @ts-expect-error a misspelt event
receiver.on('momentum.clik', () => {})
// @ts-expect-error a misspelt event in a list
receiver.on(['momentum.click', 'mailjet.opne'], () => {})
// @ts-expect-error a source that is not there
receiver.on('bounced', { source: 'shoop' }, () => {})
// @ts-expect-error a misspelt option
receiver.on('bounced', { concurency: 1 }, () => {})
// @ts-expect-error there is no default inbox
createReceiver({ sources: {} })
// @ts-expect-error a source is made by a factory
createReceiver({ inbox: sqlite({ path: 'x' }), sources: { shop: { provider: 'momentum' } } })

createReceiver({
  inbox: sqlite({ path: 'x' }),
  sources: { news: mailjet({ auth: basic({ username: 'u', password: 'some-password-of-some-length' }) }) },
  retention: { bodies: '90s', keys: '48h', deadLetters: 'forever', quarantine: 86_400_000, maxBytes: 2 ** 30 },
})
// @ts-expect-error a time that is none
createReceiver({ inbox: sqlite({ path: 'x' }), sources: {}, retention: { bodies: '7 days' } })
// @ts-expect-error a person is named by an address
await receiver.inbox.erase({ name: 'Jo' })
for await (const one of receiver.inbox.export({ email: 'jo@shop.example', source: 'shop' })) one.event?.name.at(0)
is<Same<Awaited<ReturnType<typeof receiver.inbox.erase>>['closed'], number>>()

type Bounced = EventOf<typeof receiver, 'bounced'>
is<Same<Bounced['type'], 'bounced'>>()

const since = new Date()
await receiver.inbox.replay({ outcome: 'unhandled', since, to: ['warehouse'], missed: true }, { ratePerSecond: 100 })
for await (const { readable } of receiver.inbox.differences({ handled: true, since }))
  is<Same<(typeof readable)[number], { readonly index: number; readonly name: string }>>()
is<Same<Awaited<ReturnType<typeof receiver.inbox.reparse>>, VerbReport>>()
const { run } = await receiver.inbox.replay({ all: true }, { onProgress: ({ reachedAt }) => reachedAt.getTime() })
await receiver.inbox.drop({ run })
const { inbox } = receiver
inbox.deadLetters()
inbox.deadLetters({ handler: 'warehouse', name: 'momentum.bounce', run, since })
inbox.quarantine({ source: 'shop', ids: ['d_a'] })
inbox.retry({ source: 'shop' }, { dryRun: true })
inbox.retry({ outcome: 'quarantined', since })
inbox.retry({ outcome: 'dead', handler: 'warehouse', run })
inbox.drop({ all: true })
inbox.drop({ handler: 'gone' })
inbox.replay({ all: true, to: ['warehouse'] })
inbox.replay({ all: true, to: ['warehouse'], missed: true })
inbox.replay({ to: ['warehouse'], missed: true })
inbox.reparse({ source: 'shop' })
inbox.reparse({ handled: true, since })

// @ts-expect-error what is in quarantine was never handled
inbox.replay({ outcome: 'quarantined' })
// @ts-expect-error a misspelt field
inbox.replay({ form: since })
// @ts-expect-error everything is said in words
inbox.replay({})
// @ts-expect-error everything is said in words
inbox.replay({ to: ['warehouse'] })
// @ts-expect-error nobody to have missed anything
inbox.replay({ missed: true })
// @ts-expect-error what died was not missed
inbox.replay({ to: ['warehouse'], missed: true, outcome: 'dead' })
// @ts-expect-error everything is said in words
inbox.drop({})
// @ts-expect-error everything is said in words
inbox.retry({})
// @ts-expect-error everything is said in words
inbox.reparse({})
// @ts-expect-error a filter is needed
inbox.drop()
// @ts-expect-error everything is not a source
inbox.drop({ all: true, source: 'shop' })
// @ts-expect-error everything is said, or not said
inbox.drop({ all: false })
// @ts-expect-error a whole replay
inbox.drop({ run, source: 'shop' })
// @ts-expect-error undefined in the place of a name
inbox.drop({ handler: undefined })
// @ts-expect-error quarantine has no handler
inbox.retry({ outcome: 'quarantined', handler: 'warehouse' })
// @ts-expect-error what was unhandled did not fail
inbox.retry({ outcome: 'unhandled', since })
// @ts-expect-error a misspelt field
inbox.retry({ handlr: 'warehouse' })
// @ts-expect-error a misspelt option
inbox.drop({ all: true }, { dryrun: true })
// @ts-expect-error a misspelt option
inbox.erase({ email: 'jo@shop.example' }, { dryrun: true })
// @ts-expect-error dead letters are not listed by address
inbox.deadLetters({ email: 'jo@shop.example' })
// @ts-expect-error dead letters are what is dead
inbox.deadLetters({ outcome: 'dead' })
// @ts-expect-error deliveries have no handler
inbox.deliveries({ handler: 'warehouse' })
// @ts-expect-error quarantine has no handler
inbox.quarantine({ handler: 'warehouse' })
// @ts-expect-error what cannot be read has no handler
inbox.reparse({ handler: 'warehouse' })

await receiver.addSource('tenant', momentum({ auth: token('a-token-of-some-length') }))
receiver.removeSource('tenant')
is<Same<ReturnType<typeof receiver.reloadSecrets>, Promise<void>>>()
const one = createReceiver({ inbox: sqlite({ path: './one.db' }), sources: { news: mailjet({ auth: token('t') }) } })
// @ts-expect-error handlers know the events of Mailjet alone
await one.addSource('shop', momentum({ auth: token('a-token-of-some-length') }))

await receiver.start()
closeOnSignals(express().use('/webhooks', webhooks(receiver)).listen(3000), receiver)
await fastify().register(fastifyWebhooks(receiver), { prefix: '/webhooks' })
export const { handle: GET, handle: POST, handle: HEAD } = receiver
