/** The door for tracing: four wraps, each around its work, none of which can harm it; and nothing is built without them. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { afterEach, describe, expect, it, vi } from 'vitest'
import * as calls from '../../../src/core/call/wrapped.ts'
import * as passes from '../../../src/core/process/wrapped.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { createReceiver, type Instrument, OptionError, PermanentError } from '../../../src/index.ts'
import { port } from '../../../src/lib/symbols.ts'
import { rememberingLogger } from '../../support/log.ts'
import { send } from '../../support/neutral.ts'
import { toy } from '../../support/toy.ts'

vi.mock('../../../src/core/call/wrapped.ts', { spy: true })
vi.mock('../../../src/core/process/wrapped.ts', { spy: true })

const open: { close(options?: object): Promise<unknown> }[] = []
afterEach(async () => {
  for (const receiver of open.splice(0)) await receiver.close({ timeoutMs: 0 })
  vi.clearAllMocks()
})

function receiving(options: object = {}) {
  const logger = rememberingLogger()
  const inbox = memory()
  const receiver = createReceiver({ inbox, sources: { shop: toy() }, logger, ...options })
  open.push(receiver)
  return { receiver, logger, inbox: inbox[port] }
}

const BODY = '[{"type":"ping"},{"type":"pong"},5]'
type Name = 'store' | 'pass' | 'call' | 'settle'

/** What each wrap was told, before and after. */
function recorder() {
  const told: Record<Name, { about: object; end?: object }[]> = { store: [], pass: [], call: [], settle: [] }
  const wrap = (name: Name) => async (about: object, run: () => Promise<object>) => {
    const one: { about: object; end?: object } = { about }
    told[name].push(one)
    one.end = await run()
  }
  const instrument = { store: wrap('store'), pass: wrap('pass'), call: wrap('call'), settle: wrap('settle') }
  return { told, instrument: instrument as Instrument }
}

describe('an instrument', () => {
  it('is told what each piece of work is about, and how it ended', async () => {
    const { told, instrument } = recorder()
    const { receiver } = receiving({ instrument })
    receiver.on('toy.ping', { name: 'works' }, () => {})
    receiver.on('toy.pong', { name: 'dies' }, () => {
      throw new PermanentError('jo@shop.example is not known')
    })
    const { json } = await send(receiver, { body: BODY })
    await send(receiver, { body: BODY })
    await receiver.whenIdle()
    const store = { source: 'shop', deliveryId: json.id, bytes: BODY.length }
    expect(told.store).toEqual([
      { about: store, end: { status: 'accepted', code: null } },
      { about: store, end: { status: 'duplicate', code: null } },
    ])
    const pass = {
      source: 'shop',
      deliveryId: json.id,
      receivedAt: expect.any(Date),
      traceparent: null,
      first: true,
      run: null,
    }
    expect(told.pass).toEqual([
      { about: pass, end: { end: 'settled', events: 3, handled: 1, dead: 1, quarantined: 1 } },
    ])
    expect(told.call).toEqual([
      {
        about: {
          handler: 'works',
          attempt: 1,
          events: [expect.objectContaining({ name: 'toy.ping' })],
          passes: [pass],
        },
        end: { result: 'done', error: null },
      },
      {
        about: { handler: 'dies', attempt: 1, events: [expect.objectContaining({ name: 'toy.pong' })], passes: [pass] },
        end: { result: 'failed', error: { name: 'PermanentError', code: 'PermanentError' } },
      },
    ])
    expect(told.settle).toEqual([{ about: { passes: [pass] }, end: { failed: 0 } }])
    // A wrap tells passes apart by the object.
    const [about] = told.pass.map((one) => one.about)
    for (const one of [...told.call, ...told.settle]) expect(Reflect.get(one.about, 'passes')[0]).toBe(about)
  })

  it('gives handlers the context of its own wrap, batches and those that go in order too', async () => {
    const context = new AsyncLocalStorage<string>()
    const seen: Record<string, unknown> = {}
    const instrument: Instrument = {
      call: ({ handler }, run) => context.run(`in ${handler}`, run),
      pass: (_about, run) => context.run('in the pass', run),
    }
    const { receiver } = receiving({ instrument })
    const note = (name: string) => async () => {
      await null
      seen[name] = context.getStore()
    }
    receiver.on('*', { name: 'each' }, note('each'))
    receiver.on('*', { name: 'ordered', orderBy: () => 'one' }, note('ordered'))
    receiver.onBatch('*', { name: 'batch', size: 2 }, note('batch'))
    await send(receiver, { body: '[{"type":"ping"},{"type":"pong"}]' })
    await receiver.whenIdle()
    expect(seen).toEqual({ each: 'in each', ordered: 'in ordered', batch: 'in batch' })
  })

  it.each([
    ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', true],
    ['00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01', false],
    ['jo@shop.example', false],
    [5, false],
    [undefined, false],
  ])('has its traceparent kept with the delivery: %j', async (traceparent, isKept) => {
    const seen: (string | null)[] = []
    const { receiver } = receiving({
      instrument: {
        store: (_about: object, run: (traceparent: unknown) => unknown) => run(traceparent),
        pass: ({ traceparent: kept }: { traceparent: string | null }, run: () => unknown) => {
          seen.push(kept)
          return run()
        },
      },
    })
    receiver.on('*', { name: 'any' }, () => {})
    await send(receiver)
    await receiver.whenIdle()
    expect(seen).toEqual([isKept ? traceparent : null])
  })

  it('says of a batch which passes its events belong to', async () => {
    const { told, instrument } = recorder()
    const { receiver } = receiving({ instrument })
    receiver.onBatch('*', { name: 'batch', size: 2 }, () => {})
    await Promise.all([send(receiver, { body: '[{"type":"ping"}]' }), send(receiver, { body: '[{"type":"pong"}]' })])
    await receiver.whenIdle()
    expect(told.call).toEqual([{ about: expect.objectContaining({ handler: 'batch' }), end: expect.anything() }])
    const { passes: of, events } = told.call.map((one) => one.about)[0] as { passes: object[]; events: object[] }
    expect(of).toEqual(told.pass.map(({ about }) => about))
    expect(events).toHaveLength(2)
  })

  it('is told the code of what could not be stored', async () => {
    const { told, instrument } = recorder()
    const { receiver, inbox } = receiving({ instrument })
    await receiver.start()
    vi.spyOn(inbox.intake, 'accept').mockRejectedValue(new Error('no'))
    expect((await send(receiver, { body: BODY })).status).toBe(503)
    expect(told.store.map(({ end }) => end)).toEqual([{ status: 'refused', code: 'storage_failed' }])
  })

  const never = () => new Promise(() => {})
  it.each<[string, (run: () => Promise<unknown>) => unknown, boolean]>([
    ['throws before it runs the work', () => Promise.reject(new Error('no')), true],
    [
      'throws at once',
      () => {
        throw new Error('no')
      },
      true,
    ],
    ['never runs the work', () => {}, false],
    ['never ends', never, false],
    ['runs it late', (run) => setImmediate(run), false],
    ['runs it twice', (run) => Promise.all([run(), run()]), false],
    [
      'throws after it',
      async (run) => {
        await run()
        throw new Error('no')
      },
      true,
    ],
  ])('that %s has it done once all the same', async (_what, wrap, isTold) => {
    const around = (_about: object, run: () => Promise<unknown>) => wrap(run)
    const instrument = { store: around, pass: around, call: around, settle: around } as Instrument
    const { receiver, logger, inbox } = receiving({ instrument })
    const accept = vi.spyOn(inbox.intake, 'accept')
    const settle = vi.spyOn(inbox.claims, 'settle')
    let calls = 0
    receiver.on('*', { name: 'counts' }, () => void calls++)
    expect((await send(receiver, { body: BODY })).status).toBe(200)
    await receiver.whenIdle()
    expect([calls, accept.mock.calls.length, settle.mock.calls.length]).toEqual([2, 1, 1])
    const hooks = logger.lines.map(({ facts }) => facts as { event: string; hook?: string })
    const threw = hooks.filter(({ event }) => event === 'hook.threw').map(({ hook }) => hook)
    const all = ['instrument.call', 'instrument.pass', 'instrument.settle', 'instrument.store']
    expect(threw.sort()).toEqual(isTold ? all : [])
  })

  it('keeps its methods, and members of its own', async () => {
    class Counting implements Instrument {
      readonly name = 'mine'
      stored = 0
      store(_about: object, run: () => Promise<unknown>) {
        this.stored++
        return run()
      }
    }
    const instrument = new Counting()
    const { receiver } = receiving({ instrument })
    await send(receiver)
    expect(instrument.stored).toBe(1)
  })

  it.each([null, 5, 'otel', { store: 5 }, { call: {} }])('is refused where it is none: %j', (instrument) => {
    expect(() => receiving({ instrument })).toThrow(OptionError)
  })

  it('leaves the frames of a handler what they are', async () => {
    const { instrument } = recorder()
    const { receiver, logger } = receiving({ instrument })
    receiver.on('toy.ping', { name: 'dies' }, () => {
      throw new PermanentError('no')
    })
    await send(receiver)
    await receiver.whenIdle()
    const dead = logger.lines.find(({ facts }) => (facts as { event: string }).event === 'handler.dead')
    expect(dead?.facts).toMatchObject({ frame: expect.stringMatching(/instrument\.test\.ts:\d+:\d+$/) })
    for await (const { errors } of receiver.inbox.deadLetters()) expect(errors[0]?.stack).not.toMatch(/wraps|runner/)
  })
})

it('builds nothing for wraps that nobody gave', async () => {
  const counted = [calls.callAbout, calls.callEnd, passes.passAbout, passes.summaryOf].map((one) => vi.mocked(one))
  const many = async (options: object) => {
    const { receiver } = receiving(options)
    receiver.on('*', { name: 'each' }, () => {})
    receiver.onBatch('*', { name: 'batch', maxWaitMs: 0 }, () => {})
    await send(receiver, { body: BODY })
    await receiver.whenIdle()
    return counted.map(({ mock }) => mock.calls.length)
  }
  expect(await many({})).toEqual([0, 0, 0, 0])
  expect(await many({ instrument: {} })).toEqual([0, 0, 0, 0])
  expect(await many({ instrument: recorder().instrument })).toEqual([3, 3, 1, 1])
})
