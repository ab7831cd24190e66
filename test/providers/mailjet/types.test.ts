import { expectTypeOf, it } from 'vitest'
import type { Source } from '../../../src/ports/provider.ts'
import {
  field,
  type MailjetBounce,
  type MailjetClick,
  type MailjetEvent,
  mailjet,
} from '../../../src/providers/mailjet/index.ts'
import type { Bounce, Smtp } from '../../../src/types.ts'
import { auth } from '../support.ts'

type Named<N extends MailjetEvent['name']> = Extract<MailjetEvent, { name: N }>

it('mailjet gives a source of its events, which are not any', () => {
  expectTypeOf(mailjet({ auth })).toEqualTypeOf<Source<MailjetEvent>>()
  expectTypeOf<MailjetEvent>().not.toBeAny()
  expectTypeOf<MailjetEvent['provider']>().toEqualTypeOf<'mailjet'>()
})

it('a name gives its payload, and a payload is not any', () => {
  expectTypeOf<Named<'mailjet.click'>['payload']>().toEqualTypeOf<MailjetClick>()
  expectTypeOf<MailjetClick>().not.toBeAny()
  expectTypeOf<MailjetClick['url']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<MailjetClick['MessageID']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<MailjetClick['event']>().toEqualTypeOf<'click'>()
  expectTypeOf<MailjetBounce['hard_bounce']>().toEqualTypeOf<boolean | '' | undefined>()
  expectTypeOf<Named<'mailjet.unknown'>['payload']>().toEqualTypeOf<Readonly<Record<string, unknown>>>()
})

it('a misspelt field does not compile, and is read by field()', () => {
  const payload: MailjetClick = { event: 'click' }
  // @ts-expect-error: no such field
  payload.ulr
  expectTypeOf(field(payload, 'ulr')).toEqualTypeOf<unknown>()
})

it('the type narrows a bounce to its details', () => {
  const check = (event: Named<'mailjet.bounce'>) => {
    expectTypeOf(event.type).toEqualTypeOf<'bounced' | 'deferred'>()
    expectTypeOf(event.bounce).toEqualTypeOf<Bounce>()
    expectTypeOf(event.smtp).toEqualTypeOf<Smtp | null>()
  }
  expectTypeOf(check).toBeFunction()
})

it('the type narrows any event', () => {
  const check = (event: MailjetEvent) => {
    // @ts-expect-error: only clicks have a link
    event.url
    if (event.type === 'clicked') {
      expectTypeOf(event.url).toEqualTypeOf<string | null>()
      expectTypeOf(event.name).toEqualTypeOf<'mailjet.click'>()
    }
    if (event.type === 'bounced') expectTypeOf(event.payload).toEqualTypeOf<MailjetBounce>()
    if (event.type === 'delivered') expectTypeOf(event.name).toEqualTypeOf<'mailjet.sent'>()
  }
  expectTypeOf(check).toBeFunction()
})

it('auth is required', () => {
  // @ts-expect-error: without auth
  const check = () => mailjet({})
  expectTypeOf(check).toBeFunction()
})
