/** Emulated senders: a receiver is tried against Momentum, on a virtual clock, without an account. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { emulateMomentum, type Fault, virtualClock } from 'posthorn/emulators'
import { memory } from 'posthorn/memory'
import { momentum as momentumSource } from 'posthorn/momentum'
import { webhooks } from 'posthorn/node'

// Your receiver: any server that takes webhooks, in any language.
const receiver = createReceiver({
  inbox: memory(),
  logger: false,
  sources: { shop: momentumSource({ auth: token('a token of some length'), dedupeEvents: true }) },
})
const counts: Record<string, number> = {}
receiver.on('*', { name: 'count' }, ({ nativeType }) => {
  const type = nativeType.split('.').at(-1) ?? ''
  counts[type] = (counts[type] ?? 0) + 1
})
const server = createServer(webhooks(receiver)).listen(0, '127.0.0.1')
await new Promise((resolve) => server.once('listening', resolve))
const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}/shop`

// The fifth post arrives, and its answer is lost on the way back.
let posts = 0
const loseFifthAnswer: Fault = (wire) => async (post) => {
  const outcome = await wire(post)
  return ++posts === 5 ? { status: null, code: 'ECONNRESET', ms: outcome.ms } : outcome
}

const clock = virtualClock({ at: '2026-01-01T00:00:00Z' })
const momentum = emulateMomentum({ clock, apiKey: 'key', nodes: 2, seed: 1, faults: [loseFifthAnswer] })
const { url } = await momentum.listen()

// As its documents say: a test post goes out first, and the webhook is active a minute later.
const answer = await fetch(`${url}/api/v1/webhooks/`, {
  method: 'POST',
  headers: { authorization: 'key', 'content-type': 'application/json' },
  body: JSON.stringify({
    name: 'shop',
    target,
    events: ['injection', 'delivery', 'bounce', 'open', 'click'],
    auth_token: 'a token of some length',
  }),
})
assert.equal(answer.status, 200)
await momentum.advance('1m')

momentum.traffic({ messages: 1_000, perSecond: 10 })
await momentum.advance('4h')

const report = momentum.report()
await receiver.whenIdle()
assert.deepEqual(counts, { ...counts, ...report.expected })
assert.equal(report.repeated, 1)
console.log(`${report.posts} posts, every event handled once:`, report.expected)

await momentum.close()
server.close()
await receiver.close()
