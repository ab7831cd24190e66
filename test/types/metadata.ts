/** Checked by the compiler, never run: what a schema makes of `event.metadata`. */
import { createReceiver, type EventOf, type MetadataIssue, type StandardSchema } from 'posthorn'
import { unauthenticated } from 'posthorn/auth'
import { esputnik } from 'posthorn/esputnik'
import { mailjet } from 'posthorn/mailjet'
import { memory } from 'posthorn/memory'
import { type MomentumClick, momentum } from 'posthorn/momentum'
import { sparkpost } from 'posthorn/sparkpost'
import * as v from 'valibot'
import { z } from 'zod'

/** Compiles only when both types are the same, and neither is `any`. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type IsAny<T> = 0 extends 1 & T ? true : false
const is = <_T extends true>(): void => {}
const isNot = <_T extends false>(): void => {}

interface Order {
  readonly orderId: string
}

const auth = unauthenticated()
const receiver = createReceiver({
  inbox: memory(),
  sources: {
    shop: momentum({ auth, metadata: z.object({ orderId: z.string(), at: z.coerce.date() }) }),
    news: mailjet({ auth, metadata: v.object({ issue: v.number() }) }),
    crm: esputnik({ auth }),
  },
})

receiver.on('momentum.click', (event) => {
  is<Same<typeof event.payload, MomentumClick>>()
  is<Same<typeof event.type, 'clicked'>>()
  is<Same<typeof event.metadataIssues, readonly MetadataIssue[] | null>>()
  isNot<IsAny<typeof event>>()
  if (event.metadataIssues === null) {
    is<Same<typeof event.metadata.orderId, string>>()
    // What the schema makes of it, not what it takes.
    is<Same<typeof event.metadata.at, Date>>()
    // @ts-expect-error a misspelt field does not compile
    event.metadata.orderID
  } else {
    is<Same<typeof event.metadata, Readonly<Record<string, unknown>>>>()
    is<Same<(typeof event.metadataIssues)[number]['path'], string>>()
  }
  // @ts-expect-error it may not fit
  event.metadata.orderId satisfies string
})
receiver.on('mailjet.*', (event) => {
  if (event.metadataIssues === null) is<Same<typeof event.metadata.issue, number>>()
})
// Narrowing by type, patterns of a class and effects are as without a schema.
receiver.on('momentum.track_event.*', (event) => {
  if (event.type === 'clicked' && event.metadataIssues === null) is<Same<typeof event.metadata.orderId, string>>()
})
receiver.on('effect.suppress', (event) => is<Same<typeof event.email, string>>())
receiver.on('*', (event) => {
  if (event.provider === 'esputnik') is<Same<typeof event.metadata, Readonly<Record<string, unknown>>>>()
  if (event.provider === 'mailjet' && event.metadataIssues === null) event.metadata.issue.toFixed()
})
is<Same<EventOf<typeof receiver, 'esputnik.read'>['metadata'], Readonly<Record<string, unknown>>>>()

// Interfaces do as well as the types that schemas infer.
declare const ordered: { '~standard': z.ZodType<Order>['~standard'] }
const outlet = createReceiver({ inbox: memory(), sources: { outlet: sparkpost({ auth, metadata: ordered }) } })
outlet.on('clicked', (event) => {
  if (event.metadataIssues === null) is<Same<typeof event.metadata.orderId, string>>()
})

// A schema that says no more than that it makes an object.
declare const any: StandardSchema<object>
const loose = createReceiver({ inbox: memory(), sources: { shop: momentum({ auth, metadata: any }) } })
loose.on('clicked', (event) => is<Same<typeof event.metadata, Readonly<Record<string, unknown>>>>())

// One whose keys are all optional, and one of two shapes.
const optional = z.object({ a: z.string().optional() })
const either = z.union([z.object({ kind: z.literal('a'), a: z.string() }), z.object({ kind: z.literal('b') })])
const two = createReceiver({
  inbox: memory(),
  sources: { a: momentum({ auth, metadata: optional }), b: mailjet({ auth, metadata: either }) },
})
two.on('momentum.click', (event) => {
  if (event.metadataIssues === null) is<Same<typeof event.metadata.a, string | undefined>>()
})
two.on('mailjet.open', (event) => {
  if (event.metadataIssues === null && event.metadata.kind === 'a') is<Same<typeof event.metadata.a, string>>()
})

// @ts-expect-error metadata is an object
momentum({ auth, metadata: z.string() })
// @ts-expect-error not a schema
mailjet({ auth, metadata: { orderId: 'string' } })
// @ts-expect-error eSputnik hands on no metadata
esputnik({ auth, metadata: z.object({}) })
