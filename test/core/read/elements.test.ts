import { describe, expect, it, onTestFinished } from 'vitest'
import { unauthenticated } from '../../../src/auth/index.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { momentum } from '../../../src/providers/momentum/index.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { rememberingLogger } from '../../support/log.ts'
import { all, receiverIn } from '../../support/receivers.ts'

const bytes = (...parts: (string | number)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part))))

const element = (type: string, fields: object = {}, nativeClass = 'message_event') =>
  JSON.stringify({ msys: { [nativeClass]: { type, rcpt_to: 'jo@shop.example', timestamp: '1764300000', ...fields } } })

const COMPLAINT = element('spam_complaint')
/** The reply of an old server, in Latin-1: `Empfänger unbekannt`. */
const LATIN1 = bytes(
  '{"msys":{"message_event":{"type":"bounce","rcpt_to":"li@shop.example","raw_reason":"550 Empf',
  0xe4,
  'nger unbekannt"}}}',
)

/** What a receiver made of bodies, and of what is stored. */
async function received(...bodies: readonly Uint8Array[]) {
  const [clock, logger] = [new FakeClock(), rememberingLogger()]
  const sources = { shop: momentum({ auth: unauthenticated() }) }
  const receiver = receiverIn(clock, { inbox: memory(), sources, logger })
  onTestFinished(async () => void (await receiver.close()))
  const events: AnyEvent[] = []
  receiver.on('*', { name: 'all' }, (event) => void events.push(event))
  const ids: string[] = []
  for (const body of bodies) ids.push((await receiver.inject('shop', body)).id)
  await receiver.whenIdle()
  return { receiver, clock, logger, events, ids, quarantined: await all(receiver.inbox.quarantine()) }
}

describe('an element that is not UTF-8', () => {
  it('is quarantined alone: a complaint beside it is handled, and all keep their ids', async () => {
    const body = Buffer.concat([bytes('[', COMPLAINT, ','), LATIN1, bytes(',', element('delivery'), ']')])
    const { events, quarantined, ids } = await received(body)
    expect(events.map(({ id, name, effect }) => [id, name, effect])).toEqual([
      [`${ids[0]}.0`, 'momentum.spam_complaint', 'suppress'],
      [`${ids[0]}.2`, 'momentum.delivery', 'none'],
    ])
    expect(quarantined).toMatchObject([
      {
        deliveryId: ids[0],
        index: 1,
        reason: expect.stringContaining('the element is not UTF-8 at byte '),
        path: null,
      },
    ])
  })

  it('is alone in a batch of slices, and between large ones', async () => {
    const large = element('delivery', { subject: 'x'.repeat(40_000) })
    const list = [...Array(40).fill(COMPLAINT), large, LATIN1, large, ...Array(40).fill(COMPLAINT)]
    const body = Buffer.concat(list.flatMap((one, n) => [bytes(n === 0 ? '[' : ','), Buffer.from(one)]))
    const { events, quarantined } = await received(Buffer.concat([body, bytes(']')]))
    expect(events).toHaveLength(82)
    expect(quarantined).toMatchObject([{ index: 41 }])
  })

  it('is the one element of a bare object', async () => {
    const { events, quarantined } = await received(LATIN1)
    expect(events).toEqual([])
    expect(quarantined).toMatchObject([
      { index: 0, reason: expect.stringContaining('the element is not UTF-8 at byte ') },
    ])
  })

  it('takes the delivery with it where the borders cannot be told', async () => {
    // In Shift JIS the second byte of a character may be a backslash, which hides the quote behind it.
    const hidden = bytes('[', COMPLAINT, ',{"a":"', 0x95, 0x5c, '"}]')
    const { events, quarantined } = await received(hidden, bytes(0xff, '[', COMPLAINT, ']'))
    expect(events).toEqual([])
    expect(quarantined.map(({ index }) => index)).toEqual([null, null])
  })

  it('is found by erase and taken alone, in Latin-1 as well', async () => {
    const latin1 = bytes('{"msys":{"message_event":{"type":"bounce","rcpt_to":"j', 0xf6, '@shop.example"}}}')
    const { receiver, clock, ids } = await received(Buffer.concat([bytes('[', COMPLAINT, ','), latin1, bytes(']')]))
    const erased = receiver.inbox.erase({ email: 'jö@shop.example' })
    await clock.advance(1_000)
    expect(await erased).toMatchObject({ matched: 1, queued: 1 })
    const delivery = await receiver.inbox.delivery(ids[0] ?? '')
    expect(Buffer.from(await (delivery?.body() ?? new Uint8Array())).toString()).toBe(`[${COMPLAINT},"erased"]`)
    expect(await all(receiver.inbox.quarantine())).toEqual([])
  })
})

describe('an element whose type is of another class than the one it came in', () => {
  it('is what its type says; one line tells of it, without what it holds', async () => {
    const list = ['list_unsubscribe', 'generation_failure', 'open', 'click', 'open'].map((type) => element(type))
    const { events, logger, quarantined } = await received(bytes(`[${list.join(',')}]`))
    expect(quarantined).toEqual([])
    expect(events.map(({ name, nativeType, effect }) => [name, nativeType, effect])).toEqual([
      ['momentum.list_unsubscribe', 'message_event.list_unsubscribe', 'unsubscribe'],
      ['momentum.generation_failure', 'message_event.generation_failure', 'none'],
      ['momentum.open', 'message_event.open', 'none'],
      ['momentum.click', 'message_event.click', 'none'],
      ['momentum.open', 'message_event.open', 'none'],
    ])
    const told = logger.lines.filter((line) => JSON.stringify(line).includes('read by its type'))
    expect(told).toHaveLength(4)
    expect(JSON.stringify(told)).not.toContain('shop.example')
  })

  it('says nothing where all is in its place', async () => {
    const { logger } = await received(bytes(`[${COMPLAINT},${element('open', {}, 'track_event')}]`))
    expect(JSON.stringify(logger.lines)).not.toContain('read by its type')
  })
})
