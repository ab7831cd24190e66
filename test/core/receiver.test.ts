import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { header, token } from '../../src/auth/index.ts'
import { createReceiver, createReceiverIn } from '../../src/core/receiver.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { rememberingLogger } from '../support/log.ts'
import { send } from '../support/neutral.ts'
import { toy } from '../support/toy.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-'))
  path = join(folder, 'inbox.db')
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

describe('construction', () => {
  it('opens no file and reads no secret', () => {
    createReceiver({ inbox: sqlite({ path }), sources: { shop: toy({ auth: header('x-key', { env: 'NOT_SET' }) }) } })
    expect(existsSync(path)).toBe(false)
  })

  it.each([
    ['without an inbox', { sources: { shop: toy() } }, 'needs an inbox'],
    ['with an inbox of another make', { inbox: { kind: 'x' }, sources: { shop: toy() } }, 'needs an inbox'],
    ['without sources', { inbox: memory(), sources: {} }, 'needs sources'],
    ['with a name that is no path segment', { inbox: memory(), sources: { Shop: toy() } }, 'cannot be called "Shop"'],
    ['with a source that is none', { inbox: memory(), sources: { shop: {} } }, 'made by a provider'],
    ['with an unknown option', { inbox: memory(), sources: { shop: toy() }, inbx: 1 }, 'no option "inbx"'],
    [
      'with a limit that is no number',
      { inbox: memory(), sources: { shop: toy() }, limits: { bodyBytes: '10mb' } },
      'limits.bodyBytes',
    ],
    [
      "with ack: 'handled' and onRedelivery: 'rearm'",
      { inbox: memory(), sources: { shop: toy() }, ack: 'handled', onRedelivery: 'rearm' },
      "onRedelivery: 'rearm' does not go with ack: 'handled'",
    ],
    [
      'with a limit of NaN',
      { inbox: memory(), sources: { shop: toy() }, limits: { acceptMs: Number.NaN } },
      'limits.acceptMs',
    ],
  ])('%s is refused', (_name, options, message) => {
    const create = createReceiver as (options: unknown) => unknown
    expect(() => create(options)).toThrow(
      expect.objectContaining({ name: 'OptionError', message: expect.stringContaining(message) }),
    )
  })
})

describe('start', () => {
  it('refuses by name when a secret is not set, and a request before that is 503', async () => {
    const logger = rememberingLogger()
    const auth = header('x-key', { env: 'POSTHORN_TEST_KEY' })
    const receiver = createReceiver({ inbox: sqlite({ path }), sources: { shop: toy({ auth }) }, logger })
    await expect(receiver.start()).rejects.toMatchObject({
      code: 'ERR_SECRET_MISSING',
      message: expect.stringMatching(/shop.*POSTHORN_TEST_KEY/),
    })
    expect(await send(receiver)).toMatchObject({ status: 503, code: 'not_open' })
    expect(existsSync(path)).toBe(false)
    vi.stubEnv('POSTHORN_TEST_KEY', 'a-secret-of-some-length')
    expect(await send(receiver, { headers: ['x-key', 'a-secret-of-some-length'] })).toMatchObject({ status: 200 })
    await receiver.close()
    expect(logger.text()).not.toContain('a-secret-of-some-length')
  })

  it('happens once, however many ask, and with the first request if nobody has', async () => {
    const logger = rememberingLogger()
    const receiver = createReceiver({ inbox: memory(), sources: { shop: toy() }, logger })
    expect(receiver.start()).toBe(receiver.start())
    const answers = await Promise.all([send(receiver), send(receiver), receiver.start()])
    expect(answers.slice(0, 2)).toMatchObject([{ status: 200 }, { status: 200 }])
    expect(logger.lines.filter((line) => line.message.startsWith('receiving'))).toHaveLength(1)
    await receiver.close()
  })

  it('says in one line what listens, where it is stored, who handles and what waits', async () => {
    const sources = { shop: toy(), outlet: toy() }
    for (const made of [true, false]) {
      const logger = rememberingLogger()
      const receiver = createReceiver({ inbox: sqlite({ path }), sources, logger })
      receiver.on(['toy.ping', 'toy.pong'], { name: 'both' }, () => {})
      await receiver.start()
      const stored = `; stored in ${path}${made ? ', which was made' : ''}`
      expect(logger.lines).toContainEqual({
        level: 'info',
        message: `receiving /shop (toy, unauthenticated), /outlet (toy, unauthenticated)${stored}`,
        facts: {
          event: 'start',
          sources: { shop: 'toy', outlet: 'toy' },
          ...{ inbox: 'sqlite', path, made },
          handlers: { both: 'toy.ping toy.pong' },
          ...{ pending: 0, deadLetters: 0, quarantined: 0 },
        },
      })
      await receiver.close()
    }
  })

  it('says how many events a new handler has missed', async () => {
    const inbox = memory()
    const first = createReceiver({ inbox, sources: { shop: toy() }, logger: false })
    first.on('*', { name: 'old' }, () => {})
    await send(first, { body: '[{"type":"ping"},{"type":"pong"}]' })
    await first.whenIdle()
    await first.close()
    const logger = rememberingLogger()
    const second = createReceiver({ inbox, sources: { shop: toy() }, logger })
    second.on('*', { name: 'old' }, () => {})
    second.on('*', { name: 'new' }, () => expect.fail('it was settled without this handler'))
    await second.start()
    await second.whenIdle()
    expect(logger.lines).toContainEqual(
      expect.objectContaining({
        facts: { event: 'handler.new', handler: 'new', events: 2 },
        message: expect.stringContaining('handler "new" is new'),
      }),
    )
    await second.close()
  })

  describe('work that a renamed handler has left', () => {
    const fails = async () => {
      throw new Error('later')
    }

    /** Two events wait for a retry of a handler that has this name, or none; a next receiver has others. */
    async function restarted(name: string | undefined, next: Record<string, string>): Promise<string[]> {
      const inbox = sqlite({ path })
      const first = createReceiver({ inbox, sources: { shop: toy() }, logger: false })
      first.on('toy.ping', { ...(name === undefined ? {} : { name }), retry: { minMs: 60_000 } }, fails)
      await send(first, { body: '[{"type":"ping"},{"type":"ping"}]' })
      await first.whenIdle()
      await first.close()
      const logger = rememberingLogger()
      const second = createReceiver({ inbox, sources: { shop: toy() }, logger })
      for (const [other, pattern] of Object.entries(next)) second.on(pattern as '*', { name: other }, () => {})
      await second.start()
      await second.close()
      return logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)
    }

    const told = (name: string, now: string) =>
      expect.stringContaining(`handler "${name}" has 2 events left and is not here; if it is called ${now}`)

    it('is told at the start, with the name it most likely has now', async () => {
      const lines = await restarted('suppress', { suppression: 'toy.ping' })
      expect(lines).toContainEqual(told('suppress', '"suppression" now: formerly: ["suppress"]'))
    })

    it('is told of one that had no name, too', async () => {
      const lines = await restarted(undefined, { other: '*', mine: 'toy.ping' })
      expect(lines).toContainEqual(told('toy.ping', '"mine" now: formerly: ["toy.ping"]'))
    })

    it('is told without a name where none is likely', async () => {
      const lines = await restarted('x', { warehouse: '*', billing: 'toy.ping' })
      expect(lines).toContainEqual(told('x', 'otherwise now: formerly: ["x"]'))
    })

    it('is no matter where the handler is there', async () => {
      expect((await restarted('same', { same: '*' })).join()).not.toContain('left')
    })
  })

  it('works off what a crash has left for handlers that are registered after an await', async () => {
    const inbox = memory()
    const first = createReceiver({ inbox, sources: { shop: toy() }, logger: false })
    await send(first)
    await first.close()
    const second = createReceiver({ inbox, sources: { shop: toy() }, logger: false })
    await new Promise((resolve) => setImmediate(resolve))
    const seen: string[] = []
    second.on('toy.ping', (event) => void seen.push(event.name))
    await second.start()
    await second.whenIdle()
    expect(seen).toEqual(['toy.ping'])
    await second.close()
  })

  it('waits for the owner of the file; requests in that time are 503', async () => {
    const first = createReceiver({ inbox: sqlite({ path }), sources: { shop: toy() }, logger: false })
    await first.start()
    const second = createReceiver({
      inbox: sqlite({ path }),
      sources: { shop: toy() },
      limits: { acceptMs: 50 },
      logger: false,
    })
    expect(await send(second)).toMatchObject({ status: 503, code: 'not_open' })
    await first.close()
    await second.start()
    expect(await send(second)).toMatchObject({ status: 200 })
    await second.close()
  })

  it('fails with ERR_INBOX_OWNED when the owner stays', async () => {
    const first = createReceiver({ inbox: sqlite({ path }), sources: { shop: toy() }, logger: false })
    await first.start()
    const second = createReceiver({ inbox: sqlite({ path, ownerWaitMs: 0 }), sources: { shop: toy() }, logger: false })
    await expect(second.start()).rejects.toMatchObject({ code: 'ERR_INBOX_OWNED' })
    await first.close()
    await second.close()
  })
})

describe('a start that the first request asks for', () => {
  it('says in the log which variable is missing', async () => {
    const logger = rememberingLogger()
    const sources = { shop: toy({ auth: token({ env: 'POSTHORN_TEST_OF_NOTHING' }) }) }
    const receiver = createReceiver({ inbox: memory(), sources, logger })
    expect(await send(receiver)).toMatchObject({ status: 503, code: 'not_open' })
    expect(logger.lines).toContainEqual({
      level: 'error',
      message: expect.stringMatching(/could not start: .*"shop".*POSTHORN_TEST_OF_NOTHING/),
      facts: { event: 'start.failed', code: 'ERR_SECRET_MISSING', errorMessage: expect.stringContaining('"shop"') },
    })
    const reason = expect.stringMatching(/^could not start: .*POSTHORN_TEST_OF_NOTHING/)
    expect(await receiver.health()).toMatchObject({ ready: false, reason })
    await receiver.close()
  })
})

describe('health', () => {
  it('tells readiness, and the backlog with its oldest', async () => {
    const receiver = createReceiver({ inbox: sqlite({ path }), sources: { shop: toy() }, logger: false })
    expect(await receiver.health()).toMatchObject({ ready: false, reason: 'not started: call start()' })
    const starting = receiver.start()
    expect(await receiver.health()).toMatchObject({ ready: false, reason: 'the receiver is starting' })
    await starting
    const before = Date.now()
    await send(receiver)
    const { ready, reason, backlog } = await receiver.health()
    expect({ ready, reason, deliveries: backlog.deliveries }).toEqual({ ready: true, reason: null, deliveries: 1 })
    expect(backlog.oldestAt?.getTime()).toBeGreaterThanOrEqual(before)
    await receiver.close()
    expect(await receiver.health()).toMatchObject({ ready: false, reason: 'the receiver is closed' })
  })
})

describe('close', () => {
  it('answers a body in flight truthfully, with the connection closed', async () => {
    const receiver = createReceiver({ inbox: sqlite({ path }), sources: { shop: toy() }, logger: false })
    await receiver.start()
    const rest = Promise.withResolvers<void>()
    const slow = (async function* () {
      yield new TextEncoder().encode('[{"type":')
      await rest.promise
      yield new TextEncoder().encode('"ping"}]')
    })()
    const answer = send(receiver, { body: slow })
    await new Promise((resolve) => setImmediate(resolve))
    const closing = receiver.close()
    rest.resolve()
    expect(await answer).toMatchObject({ status: 200, closeConnection: true, json: { status: 'accepted' } })
    await closing
    const again = createReceiver({ inbox: sqlite({ path }), sources: { shop: toy() }, logger: false })
    await again.start()
    expect(await again.inbox.stats()).toMatchObject({ pending: 1 })
    await again.close()
  })

  it('is idempotent, also before any start and by `await using`', async () => {
    const receiver = createReceiver({ inbox: memory(), sources: { shop: toy() }, logger: false })
    expect(receiver.close()).toBe(receiver.close())
    await receiver.close()
    await expect(receiver.start()).rejects.toMatchObject({ code: 'ERR_RECEIVER_CLOSED' })
    const used = createReceiver({ inbox: memory(), sources: { shop: toy() }, logger: false })
    {
      await using inner = used
      await inner.start()
    }
    expect(await used.health()).toMatchObject({ reason: 'the receiver is closed' })
  })

  describe('ends within its time', () => {
    const createPacer = () => ({ spent: () => false, breathe: () => Promise.resolve() })
    const never = () => new Promise<never>(() => {})

    async function closesAt(clock: FakeClock, closing: Promise<unknown>, ms: number) {
      let closed = false
      void closing.then(() => (closed = true))
      await clock.advance(ms - 1)
      expect(closed).toBe(false)
      await clock.advance(5)
      expect(closed).toBe(true)
    }

    it('when a secret never comes', async () => {
      const clock = new FakeClock()
      const sources = { shop: toy({ auth: header('x-key', never) }) }
      const options = { inbox: memory(), sources, logger: false as const }
      const receiver = createReceiverIn({ clock, random: () => 0, createPacer }, options)
      void receiver.start()
      await closesAt(clock, receiver.close({ timeoutMs: 100 }), 100)
    })

    it('when a handler and a body take all of it', async () => {
      const clock = new FakeClock()
      const options = { inbox: memory(), sources: { shop: toy() }, logger: false as const }
      const receiver = createReceiverIn({ clock, random: () => 0, createPacer }, options)
      receiver.on('toy.ping', never)
      await receiver.start()
      await send(receiver)
      void send(receiver, { body: { [Symbol.asyncIterator]: () => ({ next: never }) } })
      await closesAt(clock, receiver.close({ timeoutMs: 100 }), 100)
    })

    it.each([-86_400_000, 86_400_000])('when a body takes all of it and the clock is set by %i ms', async (ms) => {
      const clock = new FakeClock()
      const options = { inbox: memory(), sources: { shop: toy() }, logger: false as const }
      const receiver = createReceiverIn({ clock, random: () => 0, createPacer }, options)
      await receiver.start()
      void send(receiver, { body: { [Symbol.asyncIterator]: () => ({ next: never }) } })
      await clock.advance(0)
      const closing = receiver.close({ timeoutMs: 100 })
      clock.leap(ms)
      await closesAt(clock, closing, 100)
    })
  })

  it('during start leaves the file to others', async () => {
    const receiver = createReceiver({ inbox: sqlite({ path }), sources: { shop: toy() }, logger: false })
    const starting = receiver.start()
    await receiver.close()
    await starting
    const other = createReceiver({ inbox: sqlite({ path, ownerWaitMs: 0 }), sources: { shop: toy() }, logger: false })
    await other.start()
    await other.close()
  })
})

describe('the lines of the log', () => {
  it('are throttled: the first at once, then one a minute with the count', async () => {
    const [clock, logger] = [new FakeClock(), rememberingLogger()]
    const createPacer = () => ({ spent: () => false, breathe: () => Promise.resolve() })
    const auth = header('x-key', 'a-secret-of-some-length')
    const sources = { shop: toy({ auth }) }
    const receiver = createReceiverIn({ clock, random: () => 0, createPacer }, { inbox: memory(), sources, logger })
    const refused = () => logger.lines.filter((line) => line.message.includes('answered 401'))
    for (let i = 0; i < 5; i++) await send(receiver)
    expect(refused()).toHaveLength(1)
    await clock.advance(60_000)
    expect(refused()).toHaveLength(2)
    expect(refused()[1]?.facts).toMatchObject({ times: 4 })
    await clock.advance(180_000)
    expect(refused()).toHaveLength(2)
    await receiver.close()
  })

  it('survive hooks that throw', async () => {
    const logger = rememberingLogger()
    const rejected = () => {
      throw new Error('a fault of the hook')
    }
    const receiver = createReceiver({ inbox: memory(), sources: { shop: toy() }, logger, hooks: { rejected } })
    expect(await send(receiver, { method: 'PUT' })).toMatchObject({ status: 405 })
    expect(logger.text()).toContain('the hook \\"rejected\\" threw')
    await receiver.close()
  })
})
