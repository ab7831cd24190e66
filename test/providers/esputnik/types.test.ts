import { expectTypeOf, it } from 'vitest'
import type { Source } from '../../../src/ports/provider.ts'
import {
  type EsputnikClicked,
  type EsputnikEvent,
  type EsputnikUndelivered,
  esputnik,
  field,
} from '../../../src/providers/esputnik/index.ts'
import type { Bounce } from '../../../src/types.ts'

type Named<N extends EsputnikEvent['name']> = Extract<EsputnikEvent, { name: N }>

it('esputnik gives a source of its events, which are not any', () => {
  expectTypeOf<ReturnType<typeof esputnik>>().toEqualTypeOf<Source<EsputnikEvent>>()
  expectTypeOf<EsputnikEvent>().not.toBeAny()
  expectTypeOf<EsputnikEvent['provider']>().toEqualTypeOf<'esputnik'>()
})

it('a name gives its payload, and a payload is not any', () => {
  expectTypeOf<Named<'esputnik.clicked'>['payload']>().toEqualTypeOf<EsputnikClicked>()
  expectTypeOf<EsputnikClicked>().not.toBeAny()
  expectTypeOf<EsputnikClicked['clickEventLink']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<EsputnikClicked['contactId']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<EsputnikClicked['activityStatus']>().toEqualTypeOf<'CLICKED'>()
  expectTypeOf<EsputnikUndelivered['hardBounce']>().toEqualTypeOf<boolean | undefined>()
  expectTypeOf<Named<'esputnik.unknown'>['payload']>().toEqualTypeOf<Readonly<Record<string, unknown>>>()
})

it('a misspelt field does not compile, and is read by field()', () => {
  const payload: EsputnikClicked = { activityStatus: 'CLICKED' }
  // @ts-expect-error: no such field
  payload.clickEventlink
  expectTypeOf(field(payload, 'clickEventlink')).toEqualTypeOf<unknown>()
})

it('the type narrows any event', () => {
  const check = (event: EsputnikEvent) => {
    // @ts-expect-error: only bounces have one
    event.bounce
    if (event.type === 'bounced') {
      expectTypeOf(event.bounce).toEqualTypeOf<Bounce>()
      expectTypeOf(event.payload).toEqualTypeOf<EsputnikUndelivered>()
    }
    if (event.type === 'preferences_changed') {
      expectTypeOf(event.subscriptions).toEqualTypeOf<readonly string[]>()
      expectTypeOf(event.name).toEqualTypeOf<'esputnik.subscription_changed'>()
    }
  }
  expectTypeOf(check).toBeFunction()
})

it('a zone is optional, auth is not', () => {
  // @ts-expect-error: without auth
  const check = () => esputnik({ timeZone: 'UTC' })
  expectTypeOf(check).toBeFunction()
})
