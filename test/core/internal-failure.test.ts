/** What an operator reads when Posthorn itself fails. */
import { expect, test } from 'vitest'
import { token } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { PosthornError } from '../../src/errors.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { port } from '../../src/lib/symbols.ts'
import { rememberingLogger } from '../support/log.ts'
import { toy } from '../support/toy.ts'

const SECRET = 'a token of some length'

function make(inbox = memory()) {
  const logger = rememberingLogger()
  const receiver = createReceiver({ inbox, sources: { shop: toy({ auth: token(SECRET) }) }, logger })
  const factsOf = (event: string) =>
    logger.lines.map(({ facts }) => facts as { event: string }).filter((facts) => facts.event === event)
  return { receiver, logger, factsOf }
}

const post = { method: 'POST', headers: { 'x-messagesystems-webhook-token': SECRET }, body: '[{"type":"ping"}]' }

test('a fault of ours is told with where it was, and answered 500', async () => {
  const { receiver, logger, factsOf } = make()
  await receiver.start()
  // As no host has them: a value that is no text.
  const headers = new Map<string, unknown>([['x-messagesystems-webhook-token', { secret: SECRET }]])
  const request = { method: 'POST', url: 'http://localhost/shop', headers, body: null }
  expect((await receiver.handle(request as unknown as Request)).status).toBe(500)
  const [facts] = factsOf('internal')
  expect(facts).toMatchObject({ source: 'shop', code: 'ERR_INVALID_ARG_TYPE', frames: expect.any(Array) })
  expect(JSON.stringify(facts)).toMatch(/src\/core\/receive\/receive\.ts:\d+/)
  expect(logger.text()).not.toContain(SECRET)
  await receiver.close()
})

test('what the inbox says of a delivery that it cannot store is told, with what was behind it', async () => {
  const inbox = memory()
  const { receiver, factsOf } = make(inbox)
  receiver.on('toy.ping', () => {})
  await receiver.start()
  const cause = Object.assign(new Error('for jo@shop.example'), { code: 'ENOSPC' })
  inbox[port].intake.accept = () => Promise.reject(new PosthornError('ERR_INBOX_FULL', 'no space is left', { cause }))
  expect((await receiver.handle(new Request('http://localhost/shop', post))).status).toBe(503)
  expect(factsOf('delivery.not_stored')).toMatchObject([
    { code: 'ERR_INBOX_FULL', errorMessage: 'no space is left', causeCode: 'ENOSPC' },
  ])
  await receiver.close()
})

test('a start that a request asked for is told with the reason', async () => {
  const inbox = memory()
  const { receiver, factsOf } = make(inbox)
  inbox[port].open = () => Promise.reject(new TypeError('of a secret'))
  expect((await receiver.handle(new Request('http://localhost/shop', post))).status).toBe(503)
  expect(factsOf('start.failed')).toMatchObject([{ code: 'TypeError', frames: expect.any(Array) }])
  expect(await receiver.health()).toMatchObject({ ready: false, reason: expect.stringContaining('could not start') })
  await receiver.close()
})
