import { expectTypeOf, it } from 'vitest'
import type { Source } from '../../../src/ports/provider.ts'
import {
  field,
  type MomentumBounce,
  type MomentumClick,
  type MomentumEvent,
  type MomentumOutOfBand,
  type MomentumRelayMessage,
  momentum,
  sparkpost,
} from '../../../src/providers/momentum/index.ts'
import type { Bounce, Smtp } from '../../../src/types.ts'
import { auth } from '../support.ts'

type Named<N extends MomentumEvent['name']> = Extract<MomentumEvent, { name: N }>

it('momentum and sparkpost give a source of the same events, which are not any', () => {
  expectTypeOf(momentum({ auth })).toEqualTypeOf<Source<MomentumEvent>>()
  expectTypeOf(sparkpost({ auth })).toEqualTypeOf<Source<MomentumEvent>>()
  expectTypeOf<MomentumEvent>().not.toBeAny()
  expectTypeOf<MomentumEvent['provider']>().toEqualTypeOf<'momentum'>()
})

it('a name gives its payload, and a payload is not any', () => {
  expectTypeOf<Named<'momentum.click'>['payload']>().toEqualTypeOf<MomentumClick>()
  expectTypeOf<MomentumClick>().not.toBeAny()
  expectTypeOf<MomentumClick['target_link_url']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<MomentumClick['customer_id']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<MomentumClick['timestamp']>().toEqualTypeOf<string | number | undefined>()
  expectTypeOf<MomentumClick['initial_pixel']>().toEqualTypeOf<boolean | string | number | undefined>()
  expectTypeOf<MomentumClick['rcpt_tags']>().toEqualTypeOf<readonly string[] | undefined>()
  expectTypeOf<NonNullable<MomentumClick['geo_ip']>['city']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<NonNullable<MomentumRelayMessage['content']>['email_rfc822']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<Named<'momentum.unknown'>['payload']>().toEqualTypeOf<Readonly<Record<string, unknown>>>()
})

it('a misspelt field does not compile, and is read by field()', () => {
  const payload: MomentumClick = { type: 'click' }
  // @ts-expect-error: no such field
  payload.target_link_ulr
  // @ts-expect-error: no such field of the place
  payload.geo_ip?.town
  // @ts-expect-error: payloads are read only
  payload.target_link_url = 'x'
  expectTypeOf(field(payload, 'target_link_ulr')).toEqualTypeOf<unknown>()
})

it('the type narrows a bounce to its details', () => {
  const check = (event: Named<'momentum.bounce'>) => {
    expectTypeOf(event.type).toEqualTypeOf<'bounced' | 'autoresponded' | 'unsubscribed' | 'subscribed'>()
    // @ts-expect-error: an automatic answer is no bounce
    event.bounce
    if (event.type === 'bounced') {
      expectTypeOf(event.bounce).toEqualTypeOf<Bounce>()
      expectTypeOf(event.smtp).toEqualTypeOf<Smtp | null>()
    }
    if (event.type === 'unsubscribed') expectTypeOf(event.userAgent).toEqualTypeOf<string | null>()
    expectTypeOf(event.payload).toEqualTypeOf<MomentumBounce>()
  }
  expectTypeOf(check).toBeFunction()
})

it('the type narrows any event', () => {
  const check = (event: MomentumEvent) => {
    // @ts-expect-error: only clicks have a link
    event.url
    if (event.type === 'clicked') {
      expectTypeOf(event.url).toEqualTypeOf<string | null>()
      expectTypeOf(event.name).toEqualTypeOf<'momentum.click' | 'momentum.amp_click'>()
    }
    if (event.type === 'bounced') expectTypeOf(event.payload).toEqualTypeOf<MomentumBounce | MomentumOutOfBand>()
    if (event.type === 'delivered') expectTypeOf(event.name).toEqualTypeOf<'momentum.delivery'>()
  }
  expectTypeOf(check).toBeFunction()
})

it('auth is required', () => {
  // @ts-expect-error: without auth
  const check = () => momentum({})
  expectTypeOf(check).toBeFunction()
})
