/** Tests of a handler and of a receiver, without any account: node --test */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createReceiver, type HandlerContext, type Inbox } from 'posthorn'
import { token } from 'posthorn/auth'
import { memory } from 'posthorn/memory'
import { type MomentumEvent, momentum } from 'posthorn/momentum'
import { deliver, deliveryRequest, handlerContext, sampleEvent } from 'posthorn/testing'

type Bounced = Extract<MomentumEvent, { type: 'bounced' }>

const suppressed = new Set<string>()

/** As an application would: the same receiver, with the inbox given from outside. */
function createShopReceiver(inbox: Inbox) {
  const sources = { shop: momentum({ auth: token('a token of some length') }) }
  return createReceiver({ inbox, sources, logger: false }).on('bounced', { name: 'suppress' }, suppress)
}

function receiverFor(t: TestContext) {
  const receiver = createShopReceiver(memory())
  t.after(() => receiver.close())
  return receiver
}

async function suppress(event: Bounced, { signal }: HandlerContext): Promise<void> {
  signal.throwIfAborted()
  if (event.effect === 'suppress' && event.email !== null) suppressed.add(event.email)
}

test('a hard bounce suppresses its address', async () => {
  const bounce = sampleEvent(
    'momentum.bounce',
    { bounce_class: '10', rcpt_to: 'jo@shop.example' },
    { as: 'bounced', source: 'shop' },
  )
  await suppress(bounce, handlerContext())
  assert.ok(suppressed.has('jo@shop.example'))
})

test('a delivery reaches the handlers', async (t) => {
  const receiver = receiverFor(t)
  const bounce = sampleEvent('momentum.bounce', { rcpt_to: 'ann@shop.example' }, { as: 'bounced' })
  const { status, settled, deadLetters } = await deliver(receiver, 'shop', [bounce, sampleEvent('momentum.click')])
  assert.deepEqual({ status, settled, deadLetters }, { status: 200, settled: 2, deadLetters: 0 })
  assert.ok(suppressed.has('ann@shop.example'))
})

test('a request with valid credentials is taken, another is not', async (t) => {
  const receiver = receiverFor(t)
  const request = await deliveryRequest(receiver, 'shop', [sampleEvent('momentum.open')])
  assert.equal((await receiver.handle(request)).status, 200)
  assert.equal((await receiver.handle(new Request(request.url, { method: 'POST', body: '[]' }))).status, 401)
})
