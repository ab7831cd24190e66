/** Applications without a server of their own, behind everything that docs/hosts.md names, with `ack: 'handled'`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createReceiver } from 'posthorn'
import { anyOf, basic, token } from 'posthorn/auth'
import { memory } from 'posthorn/memory'
import { momentum } from 'posthorn/momentum'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { areBrought } from '../support/brought.ts'
import { rememberingLogger } from '../support/log.ts'
import { all } from '../support/receivers.ts'
import { type Answer, type Ask, type Door, lambdas, others, type Post, parsing } from './doors.ts'

const SECRET = 'a token of some length'
const TOKEN = ['X-MessageSystems-Webhook-Token', SECRET] as const
const BASIC = ['Authorization', `Basic ${Buffer.from(`shop:${SECRET}`).toString('base64')}`] as const
/** As no library writes it: what is stored is seen to be what was sent. */
const BODY = Buffer.from(
  '[ {"msys":{"track_event":{"type":"click", "event_id":"9235692769381385", "rcpt_to":"ž@example.com"}}}]',
)
const LENGTH = ['Content-Length', `${BODY.length}`] as const
const TYPE = ['Content-Type', 'application/json'] as const

const newReceiver = () => {
  const logger = rememberingLogger()
  const auth = anyOf(token(SECRET), basic({ username: 'shop', password: SECRET }))
  const receiver = createReceiver({ inbox: memory(), sources: { shop: momentum({ auth }) }, ack: 'handled', logger })
  const handled: string[] = []
  receiver.on('momentum.click', (event) => void handled.push(String(event.payload.rcpt_to)))
  return { receiver, handled, logger }
}

// Not installed with the package: `npm ci --prefix test/hosts` brings them.
const isBrought = areBrought(import.meta.dirname)

describe.skipIf(!isBrought).each(parsing)('$name, $application', (door) => {
  it('is told, and not taken for an empty post', async () => {
    const { receiver, logger } = newReceiver()
    const ask = await door.open(receiver)
    const { status, body } = await ask({ path: '/webhooks/shop', headers: [TYPE, LENGTH, TOKEN], body: BODY })
    expect([status, JSON.parse(body)]).toMatchObject([500, { error: 'body_consumed' }])
    expect(logger.lines.map(({ facts }) => facts)).toContainEqual({ event: 'host.body_consumed' })
    await receiver.close()
  })
})

describe.skipIf(!isBrought).each([...lambdas, ...others])('$name, $application', (door: Door) => {
  let subject: ReturnType<typeof newReceiver>
  let ask: Ask

  beforeEach(async () => {
    subject = newReceiver()
    ask = await door.open(subject.receiver)
  })
  afterEach(async () => void (await subject.receiver.close()))

  const post = (...more: Post['headers']): Promise<Answer> =>
    ask({ path: '/webhooks/shop', headers: [TYPE, LENGTH, ...more], body: BODY })

  it('is answered when the event is handled', async () => {
    const { status, body } = await post(TOKEN)
    expect([status, JSON.parse(body)]).toEqual([200, { status: 'accepted', id: expect.any(String) }])
    expect(subject.handled).toEqual(['ž@example.com'])
    const [summary] = await all(subject.receiver.inbox.deliveries())
    const delivery = await subject.receiver.inbox.delivery(summary?.id ?? '')
    expect(Buffer.from((await delivery?.body()) ?? [])).toEqual(BODY)
  })

  it('counts no sender as gone', async () => {
    await post(TOKEN)
    expect(subject.receiver.metrics().sendersLeft).toBe(0)
    expect(await all(subject.receiver.inbox.deliveries())).toMatchObject([{ senderLeft: false }])
    expect(subject.logger.lines.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('needs no Content-Length', async () => {
    const { status } = await ask({ path: '/webhooks/shop', headers: [TYPE, TOKEN], body: BODY })
    expect([status, subject.handled]).toEqual([200, ['ž@example.com']])
  })

  it('has its credentials read, and refused', async () => {
    expect((await post(BASIC)).status).toBe(200)
    expect((await post()).status).toBe(401)
    expect((await post([TOKEN[0], 'not this one'])).status).toBe(401)
    expect((await post(TOKEN, [TOKEN[0], 'not this one'])).status).toBe(401)
  })

  it('stands in the table of hosts', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/hosts.md'), 'utf8')
    expect(page).toContain(`| ${door.name} |`)
  })
})
