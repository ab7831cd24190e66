/** Checked by the compiler, never run: what `posthorn/testing` takes and gives. */
import { createReceiver, type EventOf, type HandlerContext } from 'posthorn'
import { token, unauthenticated } from 'posthorn/auth'
import { type EsputnikRead, esputnik } from 'posthorn/esputnik'
import { type MailjetBounce, mailjet } from 'posthorn/mailjet'
import { memory } from 'posthorn/memory'
import { type MomentumBounce, type MomentumEvent, momentum } from 'posthorn/momentum'
import { deliver, deliveryRequest, handlerContext, sampleEvent } from 'posthorn/testing'

/** Compiles only when both types are the same, and neither is `any`. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type IsAny<T> = 0 extends 1 & T ? true : false
const is = <_T extends true>(): void => {}
const isNot = <_T extends false>(): void => {}

// The name decides, where it has one type.
const read = sampleEvent('esputnik.read')
is<Same<typeof read.type, 'opened'>>()
is<Same<typeof read.payload, EsputnikRead>>()
is<Same<typeof read.open.pixel, 'top' | 'bottom'>>()
isNot<IsAny<typeof read>>()

// A name with several types is their union, until `as` picks one.
const any = sampleEvent('momentum.bounce', { bounce_class: '10' })
is<Same<typeof any.type, 'bounced' | 'autoresponded' | 'unsubscribed' | 'subscribed'>>()
is<Same<typeof any.payload, MomentumBounce>>()
// @ts-expect-error it may be an automatic answer
any.bounce
const bounced = sampleEvent('momentum.bounce', {}, { as: 'bounced', source: 'shop' })
is<Same<typeof bounced.type, 'bounced'>>()
is<Same<typeof bounced, Extract<MomentumEvent, { name: 'momentum.bounce'; type: 'bounced' }>>>()
bounced.bounce.kind satisfies string
const deferred = sampleEvent('mailjet.bounce', { error: 'greylisted' }, { as: 'deferred' })
is<Same<typeof deferred.payload, MailjetBounce>>()
is<Same<typeof deferred.type, 'deferred'>>()

// @ts-expect-error a misspelt name
sampleEvent('momentum.bonce')
// @ts-expect-error a misspelt field
sampleEvent('momentum.click', { target_link_ulr: 'https://example.com' })
// @ts-expect-error a field of another type
sampleEvent('momentum.click', { target_link_url: 7 })
// @ts-expect-error a type that the name cannot have
sampleEvent('momentum.click', {}, { as: 'opened' })
// @ts-expect-error a misspelt option
sampleEvent('momentum.click', {}, { sorce: 'shop' })

const receiver = createReceiver({
  inbox: memory(),
  sources: {
    shop: momentum({ auth: token('a token of some length') }),
    news: mailjet({ auth: unauthenticated() }),
    crm: esputnik({ auth: unauthenticated() }),
  },
})

// What is sampled is what a handler takes.
type Handled = (event: EventOf<typeof receiver, 'bounced'>, context: HandlerContext) => void
declare const suppress: Handled
suppress(bounced, handlerContext())
suppress(sampleEvent('mailjet.bounce', {}, { as: 'bounced' }), handlerContext({ attempt: 2 }))
// @ts-expect-error an open is no bounce
suppress(read, handlerContext())
// @ts-expect-error a misspelt member of the context
handlerContext({ atempt: 2 })

const delivered = await deliver(receiver, 'shop', [bounced, bounced.payload, { msys: {} }])
is<Same<typeof delivered.body.status, 'accepted' | 'duplicate' | 'probe'>>()
is<Same<typeof delivered.settled, number>>()
is<Same<typeof delivered.deadLetters, number>>()
is<Same<typeof delivered.status, number>>()
const request = await deliveryRequest(receiver, 'news', [{ event: 'open' }])
is<Same<typeof request, Request>>()
await deliver(receiver, 'news', [{}], { headers: { authorization: 'Bearer x' } })
await deliveryRequest(receiver, 'news', [{}], { headers: {} })
// @ts-expect-error a misspelt option
await deliver(receiver, 'news', [{}], { header: {} })
// @ts-expect-error a source that is not there
await deliver(receiver, 'shoop', [])
// @ts-expect-error a source that is not there
await deliveryRequest(receiver, 'shoop', [])
await deliver(receiver, 'news', '[{"event":"open"}]')
await deliver(receiver, 'news', new TextEncoder().encode('[]'))
await deliveryRequest(receiver, 'shop', Buffer.from('[]'))
// @ts-expect-error an event is an object
await deliver(receiver, 'shop', ['{}'])
