/** Arguments for every function of the package: such as it expects, such with one part wrong, and anything at all. */
import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import fc from 'fast-check'
import { custom, header, jwt, token, unauthenticated } from '../../src/auth/index.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { createReceiver, RetryLater } from '../../src/index.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'
import { momentum } from '../../src/providers/momentum/index.ts'

/** Makes one argument; what it is made of lives in one case only. */
export type Make = (made: readonly unknown[]) => unknown

const throws = () => {
  throw new Error('a fault of the user')
}

const SECRET = 'a-secret-of-some-length'
const EVENT = { msys: { track_event: { type: 'open', rcpt_to: 'a@example.org', event_id: '1' } } }
let files = 0

function inbox() {
  files++
  return files % 8 === 0 ? sqlite({ path: `inbox-${files}.db` }) : memory()
}

const receiverOptions = () => ({
  inbox: inbox(),
  sources: { shop: momentum({ auth: token(SECRET) }), open: mailjet({ auth: unauthenticated() }) },
  logger: false as const,
})

/** One whose logger, hooks and handlers fail. */
export function newReceiver() {
  const hooks = {
    failed: throws,
    deadLettered: async () => throws(),
    quarantined: throws,
    rejected: async () => throws(),
  }
  return createReceiver({ ...receiverOptions(), logger: { info: throws, warn: throws, error: throws }, hooks })
    .on('momentum.open', { name: 'mine', retry: { attempts: 2, minMs: 0, maxMs: 0 } }, throws)
    .on('momentum.*', { name: 'dies', orderBy: throws }, throws)
    .onBatch('*', { name: 'all', maxWaitMs: 0 }, async () => throws())
}

function request(path = '/webhooks/shop') {
  const headers = { 'x-messagesystems-webhook-token': SECRET }
  return new Request(`http://localhost${path}`, { method: 'POST', headers, body: JSON.stringify([EVENT]) })
}

/** The same with a delivery that its handlers have failed for, and bytes that cannot be read. */
export async function usedReceiver() {
  const receiver = newReceiver()
  await receiver.handle(request())
  await receiver.handle(new Request('http://localhost/open', { method: 'POST', body: 'not JSON' }))
  return receiver
}

/** A server of no kind in particular, and one half of a request of it. */
const emitter = () =>
  Object.assign(new EventEmitter(), {
    close: (closed: () => void) => setImmediate(closed),
    url: '/shop',
    method: 'POST',
    rawHeaders: ['content-length', '2'],
    socket: {},
  })

const options = (): object[] => [
  receiverOptions(),
  { logger: { info: throws, warn: throws, error: throws } },
  { hooks: { rejected: throws, failed: async () => throws() } },
  { auth: custom(throws) },
  { auth: header('x-key', throws) },
  { name: 'mine', retry: { attempts: 2, minMs: 0, maxMs: 0 }, source: 'shop', orderBy: throws },
  { source: 'shop', prefix: '/webhooks' },
  { since: new Date(0), until: new Date(), ids: ['d_a.0'], handler: 'mine', source: 'shop', outcome: 'dead' },
  { all: true },
  { all: true, to: ['mine'], missed: true },
  { email: 'a@example.org', onProgress: throws },
  { limitMs: 10, timeoutMs: 10, signal: AbortSignal.abort() },
  { path: join('.', `inbox-${files++}.db`), ownerWaitMs: 0 },
  { origin: 'test', dryRun: true, missed: true, to: ['mine'] },
  { username: 'sender', password: SECRET, issuer: 'https://issuer.example', audience: 'us', keys: { keys: [] } },
  { signals: ['SIGUSR2'], timeoutMs: 10 },
]

const expected: readonly (() => unknown)[] = [
  ...options().map((_, at) => () => options()[at]),
  () => createReceiver(receiverOptions()),
  newReceiver,
  () => memory(),
  () => unauthenticated(),
  () => jwt as unknown,
  () => request(),
  () => request('/webhooks/open'),
  emitter,
  () => throws,
  () => async () => throws(),
  () => async () => true,
  () => () => Promise.reject(new RetryLater({ afterMs: 0 })),
  () => [EVENT],
  () => JSON.stringify([EVENT]),
  ...['shop', 'open', '*', 'momentum.open', 'mine', 'd_a', 'd_a.0', SECRET, 'X-Key', 'momentum/track_event'].map(
    (word) => () => word,
  ),
]

/** Values that throw when they are looked at, called, or turned into text. */
const hostile: readonly (() => unknown)[] = [
  () => new Proxy({}, { get: throws, has: throws, ownKeys: throws, getPrototypeOf: throws }),
  () => Object.defineProperty({}, 'then', { get: throws }),
  () => Object.assign(Object.create(null), { toString: throws, valueOf: throws, [Symbol.toPrimitive]: throws }),
  () => Promise.resolve(throws),
  () => ({ [Symbol.asyncIterator]: throws, [Symbol.iterator]: throws }),
  () => Symbol('word'),
  () => -0,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => new Date(Number.NaN),
]

// No text of its own leaves the folder of the case.
const word = fc.string({ maxLength: 12 }).map((text) => text.replaceAll('/', '_'))

const anything: fc.Arbitrary<Make> = fc.oneof(
  fc
    .anything({ values: [word, fc.integer(), fc.double(), fc.boolean()], withBigInt: true, withNullPrototype: true })
    .map((value) => () => value),
  fc.constantFrom(...hostile),
)

const broken: fc.Arbitrary<Make> = fc
  .record({ base: fc.nat(options().length - 1), part: fc.nat(10), wrong: anything })
  .map(({ base, part, wrong }) => (made) => {
    const whole = options()[base] as object
    const keys = Object.keys(whole)
    return { ...whole, [keys[part % keys.length] as string]: wrong(made) }
  })

/** Something that an earlier call of the same case gave back. */
const earlier: fc.Arbitrary<Make> = fc.nat(20).map((at) => (made) => made[at % Math.max(1, made.length)])

export const argument: fc.Arbitrary<Make> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...expected) as fc.Arbitrary<Make> },
  { weight: 2, arbitrary: broken },
  { weight: 2, arbitrary: anything },
  { weight: 1, arbitrary: earlier },
)
