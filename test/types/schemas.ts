/** Checked by the compiler, never run: what `posthorn/zod` takes and gives. */
import type { EsputnikActivity, EsputnikEvent, EsputnikUndelivered } from 'posthorn/esputnik'
import type { MailjetEvent, MailjetOpen, MailjetPayload } from 'posthorn/mailjet'
import type {
  MomentumBounce,
  MomentumClick,
  MomentumElement,
  MomentumEvent,
  MomentumTrackEvent,
} from 'posthorn/momentum'
import type * as tolerant from 'posthorn/zod'
import {
  type esputnikActivities,
  type esputnikActivity,
  type esputnikUndelivered,
  mailjetBody,
  mailjetOpen,
  type mailjetPayload,
  momentumBatch,
  type momentumBounce,
  type momentumClick,
  momentumTrackEvent,
  type NormalisedEvent,
  normalisedEvent,
} from 'posthorn/zod'
import type * as strict from 'posthorn/zod/strict'
import type { z } from 'zod'

/** Compiles only when both types are the same, and neither is `any`. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type IsAny<T> = 0 extends 1 & T ? true : false
const is = <_T extends true>(): void => {}
const isNot = <_T extends false>(): void => {}

// What comes out is the payload interface.
is<Same<z.output<typeof momentumClick>, MomentumClick>>()
is<Same<z.output<typeof momentumBounce>, MomentumBounce>>()
is<Same<z.output<typeof mailjetOpen>, MailjetOpen>>()
is<Same<z.output<typeof esputnikUndelivered>, EsputnikUndelivered>>()
is<Same<z.infer<typeof strict.momentumClick>, MomentumClick>>()
isNot<IsAny<z.output<typeof momentumClick>>>()

// Of every event: the one whose payload it is, and no schema is left out.
type Payloads<E extends { readonly payload: unknown }> = E extends { readonly name: `${string}.unknown` }
  ? never
  : E['payload']
type Schemas = typeof tolerant
type Outputs<P extends string> = {
  [K in keyof Schemas]: K extends `${P}${string}`
    ? Schemas[K] extends z.ZodType
      ? z.output<Schemas[K]>
      : never
    : never
}[keyof Schemas]
type Missing<E extends { readonly payload: unknown }, P extends string> = Exclude<Payloads<E>, Outputs<P>>
is<Same<Missing<MomentumEvent, 'momentum'>, never>>()
is<Same<Missing<MailjetEvent, 'mailjet'>, never>>()
is<Same<Missing<EsputnikEvent, 'esputnik'>, never>>()
is<Same<keyof typeof strict, Exclude<keyof Schemas, 'normalisedEvent'>>>()

// A class is told apart by its word, names of Momentum's own event stream too.
is<Same<z.output<typeof momentumTrackEvent>, MomentumTrackEvent>>()
is<Same<z.output<typeof mailjetPayload>, MailjetPayload>>()
is<Same<z.output<typeof esputnikActivity>, EsputnikActivity>>()
is<Same<MomentumBounce['type'], 'bounce' | 'inband' | 'permfail'>>()
const tracked = momentumTrackEvent.parse({})
if (tracked.type === 'click') is<Same<typeof tracked, MomentumClick>>()
// @ts-expect-error an open has no link
if (tracked.type === 'open') tracked.target_link_url

// A body is a list.
is<Same<z.output<typeof momentumBatch>, readonly MomentumElement[]>>()
is<Same<z.output<typeof mailjetBody>, readonly MailjetPayload[]>>()
is<Same<z.output<typeof esputnikActivities>, readonly EsputnikActivity[]>>()
for (const { msys } of momentumBatch.parse([])) {
  const { message_event: event } = msys
  if (event?.type === 'bounce') is<Same<typeof event, MomentumBounce>>()
}
for (const event of mailjetBody.parse([])) if (event.event === 'open') is<Same<typeof event, MailjetOpen>>()

// What goes in may have identifiers as numbers; nothing else changes, and a misspelt field does not compile.
const right: z.input<typeof strict.mailjetOpen> = { event: 'open', MessageID: 19421777396190490, time: 1433103519 }
// @ts-expect-error a misspelt field
const misspelt: z.input<typeof strict.mailjetOpen> = { event: 'open', MesageID: 1 }
// @ts-expect-error no word
const wordless: z.input<typeof strict.mailjetOpen> = {}
// @ts-expect-error another word
const foreign: z.input<typeof strict.mailjetOpen> = { event: 'click' }
void [right, misspelt, wordless, foreign]
// @ts-expect-error identifiers come out as strings
mailjetOpen.parse(right).MessageID satisfies number | undefined

// The normalised event is narrowed by its type.
is<Same<z.output<typeof normalisedEvent>, NormalisedEvent>>()
const event = normalisedEvent.parse({})
is<Same<typeof event.occurredAt, Date>>()
if (event.type === 'bounced') event.bounce.kind satisfies string
// @ts-expect-error only some types have one
event.bounce

// Standard Schema.
type Standard = (typeof momentumClick)['~standard']
is<Same<NonNullable<Standard['types']>['output'], MomentumClick>>()
is<Same<Standard['version'], 1>>()
