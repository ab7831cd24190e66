/** Findings of several processes on one inbox, told by one of them; and what becomes of them when things go wrong. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type AlertsOptions, alerts, type Finding } from '../../src/alerts/index.ts'
import { MemoryInbox } from '../../src/inboxes/memory/inbox.ts'
import { MemoryStore } from '../../src/inboxes/memory/store.ts'
import { OptionError, PermanentError } from '../../src/index.ts'
import { port } from '../../src/lib/symbols.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { rememberingLogger } from '../support/log.ts'
import { send } from '../support/neutral.ts'
import { pings, receiverIn } from '../support/receivers.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
let clock: FakeClock
let store: MemoryStore
let told: [who: string, finding: Finding][]
const open: { close(options?: object): Promise<unknown> }[] = []

beforeEach(() => {
  clock = new FakeClock()
  store = new MemoryStore()
  told = []
})
afterEach(async () => {
  for (const receiver of open.splice(0)) await receiver.close({ timeoutMs: 0 })
})

/** One more process on the inbox; nobody looks but when it is asked to. */
async function replica(who: string, options: Partial<AlertsOptions> = {}, more: object = {}) {
  const inbox = { kind: 'memory', [port]: new MemoryInbox(store, { beside: true }) }
  const receiver = receiverIn(clock, { inbox, ...more })
  open.push(receiver)
  const watch = alerts(receiver, {
    notify: (finding) => void told.push([who, finding]),
    every: '1000d',
    rules: { off: ['backlog_old'] },
    ...options,
  })
  const on = receiver.on.bind(receiver) as (name: string, options: object, run: () => unknown) => unknown
  on('toy.pong', { name: 'dies', retry: { attempts: 1 } }, () => {
    throw new PermanentError('no')
  })
  await receiver.start()
  const post = async (body = pings(1, () => ({ at: clock.now() }))) => {
    await send(receiver, { body })
    await receiver.whenIdle()
  }
  return { receiver, watch, inbox: inbox[port], post }
}

let serial = 0
const dying = () => `[{"type":"pong","n":${serial++}}]`
const said = () => told.splice(0).map(([who, { id, state }]) => [who, id, state])
const fail = (given: { readonly inbox: MemoryInbox }) =>
  vi.spyOn(given.inbox.intake, 'trouble').mockReturnValue('the disk is full')

describe('of several processes', () => {
  it('one tells, whichever looks first, when it begins, once an hour and when it ends', async () => {
    const replicas = [await replica('a'), await replica('b'), await replica('c')]
    const [a, b, c] = replicas as [(typeof replicas)[0], (typeof replicas)[0], (typeof replicas)[0]]
    const told = () => said().map(([, ...rest]) => rest)
    await b.post(dying())
    await Promise.all(replicas.map(({ watch }) => watch.check()))
    await Promise.all(replicas.map(({ watch }) => watch.check()))
    expect(told()).toEqual([['dead_letters', 'begun']])
    for (let minute = 0; minute < 59; minute++) {
      await clock.advance(MINUTE)
      if (minute % 5 === 0) await c.post(dying())
      await Promise.all(replicas.map(({ watch }) => watch.check()))
    }
    expect(said()).toEqual([])
    await clock.advance(MINUTE)
    await a.watch.check()
    await c.watch.check()
    expect(told()).toEqual([['dead_letters', 'goes_on']])
    await clock.advance(16 * MINUTE)
    await Promise.all(replicas.map(({ watch }) => watch.check()))
    expect(told()).toEqual([['dead_letters', 'ended']])
  })

  it('the counts of all are one', async () => {
    const [a, b] = [await replica('a'), await replica('b')]
    const late = pings(10, () => ({ at: clock.now() - 11 * MINUTE }))
    await a.post(late)
    await a.watch.check()
    await b.watch.check()
    expect(said()).toEqual([])
    await b.post(late.replaceAll('"n":', '"m":'))
    await b.watch.check()
    await a.watch.check()
    await b.watch.check()
    expect(said().map(([, ...rest]) => rest)).toEqual([['late_events', 'begun']])
  })

  it('one that gets nothing finds no silence while another does', async () => {
    const rules: AlertsOptions['rules'] = { silence: { shop: '30m' } }
    const [a, b] = [await replica('a', { rules }), await replica('b', { rules })]
    for (let n = 0; n < 5; n++) {
      await clock.advance(20 * MINUTE)
      await a.post(pings(1, () => ({ round: n })))
      await a.watch.check()
      await b.watch.check()
    }
    expect(said()).toEqual([])
    await clock.advance(31 * MINUTE)
    // It has started a moment ago, and knows for how long nothing came all the same.
    const c = await replica('c', { rules })
    await c.watch.check()
    expect(said()).toEqual([['c', 'sender_silent', 'begun']])
  })

  it('what one finds of itself stands for all, until it says otherwise or is gone', async () => {
    const [a, b] = [await replica('a', { every: '10m' }), await replica('b', { every: '10m' })]
    const trouble = fail(a)
    await a.watch.check()
    await b.watch.check()
    expect(said()).toEqual([['a', 'storage_refuses', 'begun']])
    trouble.mockReturnValue(null)
    await a.watch.check()
    expect(said()).toEqual([['a', 'storage_refuses', 'ended']])
    trouble.mockReturnValue('again')
    await a.watch.check()
    await a.receiver.close({ timeoutMs: 0 })
    await clock.advance(2 * MINUTE)
    await b.watch.check()
    expect(said()).toEqual([['a', 'storage_refuses', 'begun']])
    await clock.advance(40 * MINUTE)
    expect(said()).toEqual([['b', 'storage_refuses', 'ended']])
  })

  it('another tells where one cannot, or dies over it', async () => {
    let isDown = true
    const hangs = () => new Promise<void>(() => {})
    const a = await replica('a', { notify: () => (isDown ? Promise.reject(new Error('down')) : hangs()) })
    const b = await replica('b')
    await b.post(dying())
    await a.watch.check()
    await b.watch.check()
    expect(said()).toEqual([['b', 'dead_letters', 'begun']])
    isDown = false
    await clock.advance(HOUR)
    await b.post(dying())
    // Its process is gone before it is told.
    void a.watch.check()
    await clock.advance(1_000)
    await b.watch.check()
    expect(said()).toEqual([])
    await clock.advance(MINUTE)
    await b.watch.check()
    expect(said()).toEqual([['b', 'dead_letters', 'goes_on']])
  })

  it('a deploy tells nothing again', async () => {
    for (const who of ['a', 'b', 'c']) {
      const { watch, receiver, post } = await replica(who)
      await post(dying())
      await watch.check()
      await receiver.close()
      await clock.advance(5 * MINUTE)
    }
    expect(said()).toEqual([['a', 'dead_letters', 'begun']])
  })
})

describe('a notify', () => {
  it('that throws for an hour leaves the others told, and is called again', async () => {
    const logger = rememberingLogger()
    let isDown = true
    const notify = (finding: Finding) => {
      if (isDown && finding.id === 'storage_refuses') throw new Error('the pager is down')
      told.push(['a', finding])
    }
    const a = await replica('a', { notify }, { logger })
    const trouble = fail(a)
    await a.post(dying())
    for (let minute = 0; minute < 60; minute++) {
      trouble.mockReturnValue('the disk is full')
      await a.watch.check()
      await clock.advance(MINUTE)
    }
    expect(said().map(([, ...rest]) => rest)).toEqual([
      ['dead_letters', 'begun'],
      ['dead_letters', 'ended'],
    ])
    const facts = logger.lines.map((line) => line.facts)
    expect(facts).toContainEqual(expect.objectContaining({ event: 'hook.threw', hook: 'alerts.notify' }))
    isDown = false
    await a.watch.check()
    expect(said()).toEqual([['a', 'storage_refuses', 'begun']])
  })

  it('that hangs has so long, and then the next', async () => {
    const logger = rememberingLogger()
    const notify = (finding: Finding) =>
      finding.id === 'storage_refuses' ? new Promise(() => {}) : void told.push(['a', finding])
    const a = await replica('a', { notify }, { logger })
    fail(a)
    vi.spyOn(a.inbox.records, 'stats').mockResolvedValue({
      ...(await a.inbox.records.stats()),
      paused: [{ handler: 'dies', by: 'failures', since: 0 }],
    })
    const checked = a.watch.check()
    await clock.advance(29_000)
    expect(said()).toEqual([])
    await clock.advance(1_000)
    await checked
    expect(said()).toEqual([['a', 'handler_paused', 'begun']])
    expect(logger.lines.map((line) => line.facts)).toContainEqual(
      expect.objectContaining({ event: 'hook.threw', code: 'TimeoutError' }),
    )
  })

  it('is not called any more once it is stopped', async () => {
    const a = await replica('a', {
      notify: (finding) => {
        told.push(['a', finding])
        a.watch.stop()
      },
    })
    fail(a)
    await a.post(dying())
    await a.watch.check()
    await a.watch.check()
    expect(told).toHaveLength(1)
  })
})

describe('an inbox that does not answer', () => {
  it('leaves each to tell for itself, and what it has told is stored later', async () => {
    const a = await replica('a')
    const b = await replica('b')
    fail(a)
    const write = vi.spyOn(a.inbox.memos, 'write').mockRejectedValue(new Error('the disk is full'))
    await a.post(dying())
    await a.watch.check()
    await a.watch.check()
    expect(said()).toEqual([
      ['a', 'storage_refuses', 'begun'],
      ['a', 'dead_letters', 'begun'],
    ])
    write.mockRestore()
    await a.watch.check()
    await b.watch.check()
    expect(said()).toEqual([])
    // What it had counted in the meantime is counted once.
    await clock.advance(MINUTE)
    const { text } = (await a.inbox.memos.read('alerts:all')) as { text: string }
    expect(JSON.stringify(JSON.parse(text).counts)).toContain('"dead:dies":1')
  })

  it('is waited for no longer than so', async () => {
    const a = await replica('a')
    vi.spyOn(a.inbox.records, 'stats').mockReturnValue(new Promise(() => {}))
    vi.spyOn(a.inbox.memos, 'read').mockReturnValue(new Promise(() => {}))
    const checked = a.watch.check()
    await clock.advance(MINUTE)
    await checked
    expect(said()).toEqual([['a', 'storage_refuses', 'begun']])
  })
})

describe('a clock that leaps', () => {
  const rules: AlertsOptions['rules'] = { silence: { shop: '30m' } }

  it.each([5 * HOUR, -5 * HOUR, 9_000 * HOUR, -9_000 * HOUR])(
    'by %i ms begins, ends and repeats nothing',
    async (ms) => {
      const a = await replica('a', { rules })
      await a.post()
      await a.post(dying())
      await a.watch.check()
      expect(said()).toEqual([['a', 'dead_letters', 'begun']])
      await clock.advance(10 * MINUTE)
      clock.leap(ms)
      await a.watch.check()
      expect(said()).toEqual([])
      await clock.advance(6 * MINUTE)
      await a.watch.check()
      expect(said()).toEqual([['a', 'dead_letters', 'ended']])
      await clock.advance(15 * MINUTE)
      await a.watch.check()
      expect(said()).toEqual([['a', 'sender_silent', 'begun']])
      await clock.advance(59 * MINUTE)
      await a.watch.check()
      expect(said()).toEqual([])
      await clock.advance(MINUTE)
      await a.watch.check()
      expect(said()).toEqual([['a', 'sender_silent', 'goes_on']])
    },
  )

  it('is seen by several, and counted once', async () => {
    const replicas = [await replica('a', { rules }), await replica('b', { rules })]
    await replicas[0]?.post()
    for (const { watch } of replicas) await watch.check()
    clock.leap(5 * HOUR)
    await clock.advance(31 * MINUTE)
    for (const { watch } of replicas) await watch.check()
    expect(said()).toEqual([['a', 'sender_silent', 'begun']])
  })

  it('and was wrong before a restart holds nothing back for long', async () => {
    clock.leap(9_000 * HOUR)
    const before = await replica('a', { rules, every: '1h' })
    fail(before)
    await before.post()
    await before.watch.check()
    await before.receiver.close({ timeoutMs: 0 })
    said()
    clock.leap(-9_000 * HOUR)
    const after = await replica('b', { rules, every: '1h' })
    await after.watch.check()
    expect(said()).toEqual([['b', 'storage_refuses', 'ended']])
    await clock.advance(31 * MINUTE)
    await after.watch.check()
    expect(said()).toEqual([['b', 'sender_silent', 'begun']])
  })
})

describe('several of one receiver', () => {
  it('have a name each, and tell each for itself', async () => {
    const { receiver, inbox, watch } = await replica('chat')
    const pager = alerts(receiver, {
      name: 'pager',
      every: '1000d',
      notify: (finding) => void told.push(['pager', finding]),
    })
    fail({ inbox })
    await watch.check()
    await pager.check()
    expect(said()).toEqual([
      ['chat', 'storage_refuses', 'begun'],
      ['pager', 'storage_refuses', 'begun'],
    ])
  })

  it('of one name are refused, until one is stopped or its receiver is made anew', async () => {
    const { receiver, watch } = await replica('a')
    const again = () => alerts(receiver, { notify: () => {} })
    expect(again).toThrow(OptionError)
    watch.stop()
    watch.stop()
    again().stop()
    await receiver.close()
    expect((await replica('a')).watch).toBeDefined()
  })
})
