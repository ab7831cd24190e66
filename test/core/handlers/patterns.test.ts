import { createReceiver } from 'posthorn'
import { unauthenticated } from 'posthorn/auth'
import { esputnik } from 'posthorn/esputnik'
import { mailjet } from 'posthorn/mailjet'
import { memory } from 'posthorn/memory'
import { momentum } from 'posthorn/momentum'
import { sparkpost } from 'posthorn/sparkpost'
import { deliver, sampleEvent } from 'posthorn/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { codeOf } from '../../../src/lib/code-of.ts'
import { catalogue } from '../../../src/providers/momentum/catalogue.ts'
import { NAMES } from '../../../src/testing/senders.ts'

const auth = unauthenticated()

function newReceiver() {
  const sources = {
    shop: momentum({ auth }),
    cloud: sparkpost({ auth }),
    news: mailjet({ auth }),
    crm: esputnik({ auth, timeZone: 'UTC' }),
  }
  const receiver = createReceiver({ inbox: memory(), logger: false, sources })
  onTestFinished(async () => void (await receiver.close({ timeoutMs: 0 })))
  return receiver
}

/** Our own names of Momentum's events, by class: those of the documents, not read from the code under test. */
const CLASSES = {
  'momentum.message_event.*': [
    ...['bounce', 'delivery', 'injection', 'sms_status', 'spam_complaint', 'out_of_band', 'policy_rejection', 'delay'],
  ],
  'momentum.track_event.*': ['open', 'initial_open', 'click', 'amp_open', 'amp_initial_open', 'amp_click'],
  'momentum.gen_event.*': ['generation_failure', 'generation_rejection'],
  'momentum.unsubscribe_event.*': ['list_unsubscribe', 'link_unsubscribe'],
  'momentum.relay_event.*': [
    ...['relay_injection', 'relay_rejection', 'relay_delivery', 'relay_tempfail', 'relay_permfail'],
  ],
  'momentum.ab_test_event.*': ['ab_test_completed', 'ab_test_cancelled'],
  'momentum.ingest_event.*': ['ingest_success', 'ingest_error'],
  'momentum.adaptive_event.*': ['ad_adjust', 'ad_status'],
} as const

describe('a pattern of a class', () => {
  it.each(Object.entries(CLASSES))('%s lets through the events of its class alone', async (pattern, types) => {
    const receiver = newReceiver()
    const seen: string[] = []
    receiver.on(pattern as keyof typeof CLASSES, (event) => void seen.push(event.name))
    const names = NAMES.filter((name) => name.startsWith('momentum.'))
    await deliver(
      receiver,
      'shop',
      names.map((name) => sampleEvent(name as 'momentum.click')),
    )
    expect(seen.sort()).toEqual(types.map((type) => `momentum.${type}`).sort())
  })

  it('covers every event but the relayed messages, which are a class of their own', () => {
    const covered = Object.values(CLASSES).flatMap((types) => types.map((type) => `momentum.${type}`))
    expect([...covered, 'momentum.relay_message'].sort()).toEqual(Object.keys(catalogue).sort())
  })

  it('lets an event through once where the list has it twice, and under its raw name too', async () => {
    const receiver = newReceiver()
    const seen: string[] = []
    receiver.on(
      ['momentum.message_event.*', 'momentum.bounce', 'bounced'],
      ({ nativeType }) => void seen.push(nativeType),
    )
    await deliver(receiver, 'cloud', [{ msys: { message_event: { type: 'inband', bounce_class: '10' } } }])
    expect(seen).toEqual(['message_event.inband'])
  })

  it('leaves out what nobody knows: that is momentum.unknown', async () => {
    const receiver = newReceiver()
    const seen: string[] = []
    receiver.on('momentum.track_event.*', (event) => void seen.push(event.name))
    receiver.on('momentum.unknown', (event) => void seen.push(event.name))
    await deliver(receiver, 'shop', [{ msys: { track_event: { type: 'hovered' } } }])
    expect(seen).toEqual(['momentum.unknown'])
  })

  it('is the durable name of its handler', async () => {
    const receiver = newReceiver()
    const handlers: string[] = []
    receiver.on('momentum.track_event.*', (_, { handler }) => void handlers.push(handler))
    await deliver(receiver, 'shop', [sampleEvent('momentum.click')])
    expect(handlers).toEqual(['momentum.track_event.*'])
  })
})

/** What `on` says of a pattern that is none. */
function refusal(pattern: string): string {
  try {
    newReceiver().on(pattern as '*', () => {})
  } catch (error) {
    expect(codeOf(error)).toBe('ERR_PATTERN')
    return (error as Error).message
  }
  return expect.fail(`${pattern} was taken`)
}

describe('a pattern that is none', () => {
  it.each([
    ['momentum.track_event', 'momentum.track_event.*'],
    ['momentum.message_event', 'momentum.message_event.*'],
    ['momentum.track_event.click', 'momentum.click'],
    ['momentum.ingest_event.success', 'momentum.ingest_success'],
    ['momentum.inband', 'momentum.bounce'],
    ['momentum.message_event.tempfail', 'momentum.delay'],
    ['momentum.clicked', 'momentum.click'],
    ['momentum.bonce', 'momentum.bounce'],
    ['momentum', 'momentum.*'],
    ['mailjet.block', 'mailjet.blocked'],
    ['mailjet.unsubscribe', 'mailjet.unsub'],
    ['mailjet.unsubscribed', 'mailjet.unsub'],
    ['mailjet.clicked', 'mailjet.click'],
    ['mailjet.opened', 'mailjet.open'],
    ['mailjet.Bounce', 'mailjet.bounce'],
    ['esputnik.CLICKED', 'esputnik.clicked'],
    ['esputnik.SUBSCRIPTION_CHANGED', 'esputnik.subscription_changed'],
    ['esputnik.UNSUBSCRIBE', 'esputnik.unsubscribed'],
    ['BOUNCED', 'bounced'],
    ['sparkpost.bounce', 'momentum.bounce'],
    ['SparkPost.bounce', 'momentum.bounce'],
    ['sparkpost.track_event.*', 'momentum.track_event.*'],
    ['sparkpost.track_event.click', 'momentum.click'],
    ['sparkpost.clik', 'momentum.click'],
    ['sparkpost.*', 'momentum.*'],
    ['sparkpost', 'momentum.*'],
  ])('%s leads to %s', (pattern, meant) => {
    expect(refusal(pattern)).toMatch(new RegExp(`; did you mean "${meant.replaceAll(/[.*]/g, '\\$&')}"\\?$`))
  })

  it.each([undefined, null, 7, {}, [], [undefined], [['momentum.click']], [Symbol('x')]])(
    'and no text is refused with its code: %s',
    (pattern) => {
      expect(() => newReceiver().on(pattern as never, () => {})).toThrow(
        expect.objectContaining({ code: 'ERR_PATTERN' }),
      )
    },
  )

  it('of SparkPost says what its events are called', () => {
    expect(refusal('sparkpost.bounce')).toBe(
      'no source sends an event called "sparkpost.bounce"; events of sparkpost are called momentum.*; ' +
        'did you mean "momentum.bounce"?',
    )
  })

  it('is told no other where none is near', () => {
    expect(refusal('pizza')).toBe('no source sends an event called "pizza"')
  })

  it('of a sender that no source is of says so, and offers no event of another', () => {
    const receiver = createReceiver({ inbox: memory(), sources: { shop: sparkpost({ auth }) }, logger: false })
    expect(() => receiver.on('mailjet.click' as '*', () => {})).toThrow(
      'no source sends an event called "mailjet.click"; there is no source of mailjet, only of momentum',
    )
  })
})
