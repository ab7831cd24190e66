/** What a look asks of the inbox does not grow with the inbox: nothing is counted, and nothing is gone through. */
import { afterEach, expect, it } from 'vitest'
import { dashboard } from '../../src/dashboard/index.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { boardDoor, port } from '../../src/lib/symbols.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { receiverIn } from '../support/receivers.ts'
import { endAll, ends } from './kit.ts'

afterEach(endAll)

interface Asked {
  calls: number
  /** Rows that were read, of whatever is a list. */
  rows: number
}

/** Each call of the face, noted, with what it gave. */
function watched<F extends object>(face: F, asked: Asked): F {
  return new Proxy(face, {
    get(target, name) {
      const value = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return async (...given: unknown[]) => {
        asked.calls++
        const answer = await value.apply(target, given)
        if (Array.isArray(answer)) asked.rows += answer.length
        return answer
      }
    },
  })
}

/** So many deliveries: each has an event that is handled, one that died, and an element in quarantine. */
async function full(deliveries: number) {
  const inbox = memory()
  const asked: Asked = { calls: 0, rows: 0 }
  const own = inbox[port]
  Object.assign(own, { records: watched(own.records, asked), look: own.look && watched(own.look, asked) })
  const clock = new FakeClock()
  const receiver = receiverIn(clock, { inbox, handlers: { retry: { attempts: 1 } } })
  ends.push(() => receiver.close({ timeoutMs: 0 }))
  receiver.on('toy.ping', { name: 'mailer' }, () => {
    throw new Error('down')
  })
  receiver.on('*', { name: 'all' }, () => {})
  await receiver.start()
  const post = (n: number) =>
    receiver.inject('shop', JSON.stringify([{ type: 'pong', n }, { type: 'ping', n }, { bad: n }]))
  await Promise.all(Array.from({ length: deliveries }, (_, n) => post(n)))
  await receiver.whenIdle()
  const board = dashboard(receiver as never, { access: { people: 'clear', bytes: true } })
  return { asked, board: board[boardDoor], receiver }
}

type Full = Awaited<ReturnType<typeof full>>

async function look({ asked, board }: Full, query: string): Promise<Asked> {
  Object.assign(asked, { calls: 0, rows: 0 })
  const { status } = await board.answer({
    ...{ method: 'GET', query, rawHeaders: ['host', 'localhost', 'connection', 'keep-alive'], body: null },
    ...{
      peer: '127.0.0.1',
      isSecure: false,
      httpVersion: '1.1',
      access: undefined,
      signal: new AbortController().signal,
    },
  })
  expect(status, query).toBe(200)
  return { ...asked }
}

const VIEWS = [
  ...[
    'now',
    'sender&source=shop',
    'deliveries',
    'deliveries&filter=source:shop',
    'events',
    'events&filter=type:opened',
  ],
  ...['dead', 'dead&filter=handler:mailer', 'quarantine', 'quarantine&filter=source:shop', 'bounces'],
  ...['replays', 'handlers', 'storage'],
]

it('reads as many rows of an inbox of 550 deliveries as of one of twice as many', { timeout: 120_000 }, async () => {
  const [small, large] = [await full(550), await full(1_100)]
  const grown: unknown[] = []
  for (const view of VIEWS) {
    const [few, many] = [await look(small, `view=${view}`), await look(large, `view=${view}`)]
    // A page of rows, and one row more to know whether there are others; for the groups of dead letters 500.
    const most = view === 'dead' ? 700 : 400
    if (many.calls > few.calls || many.rows > few.rows || many.rows > most) grown.push({ view, few, many })
  }
  expect(grown).toEqual([])
})
