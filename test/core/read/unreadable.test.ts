/** What the reasons of quarantine say: what, where and the likely cause, and never the bytes. */
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { hostDoor } from '../../../src/lib/symbols.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { rememberingLogger } from '../../support/log.ts'
import { neutral } from '../../support/neutral.ts'
import { all, receiverIn } from '../../support/receivers.ts'

const open: { close(options?: object): Promise<unknown> }[] = []

afterEach(async () => {
  for (const receiver of open.splice(0)) await receiver.close({ timeoutMs: 0 })
})

async function digest(body: string | Uint8Array) {
  const logger = rememberingLogger()
  const receiver = receiverIn(new FakeClock(), { logger })
  open.push(receiver)
  const events: AnyEvent[] = []
  receiver.on('*', (event) => void events.push(event))
  const answer = await receiver[hostDoor].receive(neutral({ body: Buffer.from(body) }))
  expect(answer.status).toBe(200)
  await receiver.whenIdle()
  return { events, logger, quarantined: await all(receiver.inbox.quarantine()) }
}

describe('a body that cannot be read', () => {
  it.each([
    ['[{"type":"ping"},]', 'an element is empty at byte 16: likely a trailing comma'],
    ['[,{"type":"ping"}]', 'an element is empty at byte 1: likely a comma too many'],
    ['[{},,{}]', 'an element is empty at byte 4: likely a comma too many'],
    ['{"a":1}\n{"a":2}', 'the body goes on after its end at byte 8: likely several texts of JSON, one after the other'],
    ['[{}] x', 'the body goes on after its end at byte 5'],
    ['[{"a":1},{"b":2}', 'the body ends too early at byte 16: likely a body that was cut off'],
    ['[{"a":1},{“b”:[}]', 'the body is not balanced at byte 10: likely typographic quotation marks in the place of "'],
    [
      '[{"a":1},{"b":[1}]',
      'the body is not balanced at byte 16: likely a bracket that is missing, or of the wrong kind',
    ],
    [
      '[{"a":1},{"b":"',
      'the body ends inside a string at byte 15: likely a quotation mark that is missing, or a body that was cut off',
    ],
    ['<event/>', 'the body is not a JSON array or object at byte 0: likely XML or HTML'],
    [
      'event=open&email=jo%40shop.example',
      'the body is not a JSON array or object at byte 0: likely the fields of a form',
    ],
    [
      '"[{\\"type\\":\\"ping\\"}]"',
      'the body is not a JSON array or object at byte 0: likely JSON inside a text of JSON',
    ],
    [' --x\r\n\r\n', 'the body is not a JSON array or object at byte 1: likely multipart'],
    ['17', 'the body is not a JSON array or object at byte 0'],
  ])('%j: %s', async (body, reason) => {
    const { events, quarantined } = await digest(body)
    expect(events).toEqual([])
    expect(quarantined).toMatchObject([{ index: null, reason, path: null }])
  })

  it.each([
    ['Windows-1252', Buffer.from('"caf\u00e9"', 'latin1'), 4, 'another charset, such as Windows-1252'],
    ['UTF-16', Buffer.from('\ufeff[{"a":1}]', 'utf16le'), 0, 'UTF-16'],
    ['gzip', gzipSync('[{"a":1}]'), 1, 'gzip without a Content-Encoding'],
    [
      'a lone byte far behind',
      Buffer.concat([Buffer.from(`"${'é😀x'.repeat(9_999)}`), Buffer.of(0xff)]),
      69_994,
      'another charset, such as Windows-1252',
    ],
  ])('in another encoding: %s', async (_name, body, at, cause) => {
    const { quarantined } = await digest(body)
    expect(quarantined).toMatchObject([{ index: null, reason: `the body is not UTF-8 at byte ${at}: likely ${cause}` }])
  })
})

describe('an element that is not UTF-8', () => {
  it.each([
    ['{"a":"caf\u00e9"}', 9],
    ['{"a":caf\u00e9}', 8],
    ['\u00e9', 0],
  ])('is told by the byte in the body, and the likely cause: %s', async (element, at) => {
    const before = '[{"type":"ping"},'
    const { events, quarantined } = await digest(Buffer.from(`${before}${element}]`, 'latin1'))
    expect(events).toHaveLength(1)
    const reason = `the element is not UTF-8 at byte ${before.length + at}: likely another charset, such as Windows-1252`
    expect(quarantined).toMatchObject([{ index: 1, reason, path: null }])
  })
})

describe('an element that is not JSON', () => {
  it('is told by its index, the byte in the body, and the likely cause, without a word of it', async () => {
    const body = '[{"type":"ping"}, {"type":"ping","to":"secret-name",}, {“type”: “ping”}]'
    const { events, quarantined, logger } = await digest(body)
    expect(events).toHaveLength(1)
    expect(quarantined.map(({ index, reason }) => [index, reason]).sort()).toEqual([
      [1, `the element is not JSON at byte ${body.indexOf(',}')}: likely a trailing comma`],
      [2, `the element is not JSON at byte ${body.indexOf('“')}: likely typographic quotation marks in the place of "`],
    ])
    expect(JSON.stringify([quarantined, logger.lines])).not.toContain('secret-name')
  })

  it('is read all the same where it has bare words for values, warned of once; big numbers keep their digits', async () => {
    const bare = '[{"type":"ping","n":9007199254740993,"to":jo},{"type":ping},{"type":"ping"},{"type":"ping",to:x}]'
    const { events, quarantined, logger } = await digest(bare)
    expect(events.map(({ payload, delivery }) => [delivery.index, payload])).toEqual([
      [0, { type: 'ping', n: '9007199254740993', to: 'jo' }],
      [1, { type: 'ping' }],
      [2, { type: 'ping' }],
    ])
    expect(quarantined).toMatchObject([{ index: 3, reason: expect.stringContaining('a name without quotation marks') }])
    const warned = logger.lines.filter(({ message }) => message.includes('without quotation marks came on "shop"'))
    expect(warned).toEqual([expect.objectContaining({ level: 'warn' })])
  })

  it('does not make an event of a bare word alone', async () => {
    const { events, quarantined } = await digest('[ping,{"type":"ping"}]')
    expect(events).toHaveLength(1)
    expect(quarantined).toMatchObject([{ index: 0, reason: expect.stringContaining('text without quotation marks') }])
  })

  it('with bare words is the event of a dead letter, too', async () => {
    const receiver = receiverIn(new FakeClock(), { handlers: { retry: { attempts: 1 } } })
    open.push(receiver)
    receiver.on('*', () => {
      throw new Error('no')
    })
    await receiver[hostDoor].receive(neutral({ body: '[{"type":ping,"to":jo}]' }))
    await receiver.whenIdle()
    const letters = await all(receiver.inbox.deadLetters())
    expect(letters).toMatchObject([{ event: { name: 'toy.ping', payload: { type: 'ping', to: 'jo' } } }])
  })
})
