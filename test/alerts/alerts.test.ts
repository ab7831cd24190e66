/** Findings, told as they begin, go on and end. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type AlertState, type AlertsOptions, alerts, type Finding } from '../../src/alerts/index.ts'
import { FINDINGS } from '../../src/alerts/rules.ts'
import { header, oauth2Issuer } from '../../src/auth/index.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { OptionError, PermanentError } from '../../src/index.ts'
import { hostDoor, port } from '../../src/lib/symbols.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { rememberingLogger } from '../support/log.ts'
import { send } from '../support/neutral.ts'
import { receiverIn } from '../support/receivers.ts'
import { toy } from '../support/toy.ts'

const MINUTE = 60_000
let clock: FakeClock
let told: Finding[]
const open: { close(options?: object): Promise<unknown> }[] = []

beforeEach(() => {
  clock = new FakeClock()
  told = []
})
afterEach(async () => {
  for (const receiver of open.splice(0)) await receiver.close({ timeoutMs: 0 })
})

async function watched(options: object = {}, more: Partial<AlertsOptions> = {}) {
  const inbox = memory()
  const receiver = receiverIn(clock, { inbox, ...options })
  open.push(receiver)
  const watch = alerts(receiver, { notify: (finding) => void told.push(finding), every: '1000d', ...more })
  const on = receiver.on.bind(receiver) as (name: string, options: object, run: () => unknown) => unknown
  on('*', { name: 'works', retry: { attempts: 1 } }, () => {
    if (fails) throw new PermanentError('jo@shop.example')
  })
  await receiver.start()
  return { receiver, watch, inbox: inbox[port] }
}

let fails = false
let serial = 0
type Given = Awaited<ReturnType<typeof watched>>
const post = async ({ receiver }: Pick<Given, 'receiver'>, more: object = {}, headers: string[] = []) => {
  const answer = await send(receiver, { body: JSON.stringify([{ type: 'ping', n: serial++, ...more }]), headers })
  await receiver.whenIdle()
  return answer
}
const many = async (given: Given, count: number, more: object = {}) => {
  for (let n = 0; n < count; n++) await post(given, more)
}
const said = () => told.splice(0).map(({ id, about, state, severity }) => [id, about, state, severity])

describe('a finding', () => {
  it('is told when it begins, once an hour, and when it ends', async () => {
    const { watch, inbox } = await watched()
    const trouble = vi.spyOn(inbox.intake, 'trouble').mockReturnValue('the disk is full')
    const since = new Date(clock.now())
    await watch.check()
    expect(told).toEqual([
      {
        id: 'storage_refuses',
        about: null,
        state: 'begun',
        severity: 'act',
        since,
        text: 'deliveries are answered 503: the disk is full',
        runbook: 'docs/alerts.md#storage_refuses',
      },
    ])
    told = []
    for (let minute = 0; minute < 59; minute++) {
      await clock.advance(MINUTE)
      await watch.check()
    }
    expect(said()).toEqual([])
    await clock.advance(MINUTE)
    await watch.check()
    expect([told[0]?.state, told[0]?.since]).toEqual(['goes_on', since])
    told = []
    trouble.mockReturnValue(null)
    await watch.check()
    await watch.check()
    expect(said()).toEqual([['storage_refuses', null, 'ended', 'act']])
  })

  it('is looked for by itself, until the receiver closes', async () => {
    const { receiver, inbox } = await watched({}, { every: '1m' })
    vi.spyOn(inbox.intake, 'trouble').mockReturnValue('the disk is full')
    await clock.advance(59_000)
    expect(said()).toEqual([])
    await clock.advance(1_000)
    expect(said()).toHaveLength(1)
    await receiver.close()
    await clock.advance(10 * MINUTE)
    expect(said()).toEqual([])
  })

  it('is told again until somebody has it', async () => {
    const logger = rememberingLogger()
    let isDown = true
    const notify = async (finding: Finding) => {
      if (isDown) throw new Error('the pager is down')
      told.push(finding)
    }
    const { watch, inbox } = await watched({ logger }, { notify })
    vi.spyOn(inbox.intake, 'trouble').mockReturnValue('the disk is full')
    await watch.check()
    expect(logger.lines.map(({ facts }) => facts)).toContainEqual(
      expect.objectContaining({ event: 'hook.threw', hook: 'alerts.notify' }),
    )
    isDown = false
    await watch.check()
    expect(said()).toEqual([['storage_refuses', null, 'begun', 'act']])
  })

  it('outlives the process where its state is kept', async () => {
    let kept: string | null = null
    const state: AlertState = {
      read: () => kept,
      write: async (text) => {
        kept = text
      },
    }
    const first = await watched({}, { state, every: '5m' })
    vi.spyOn(first.inbox.intake, 'trouble').mockReturnValue('the disk is full')
    for (let minute = 0; minute < 30; minute++) {
      await post(first)
      await clock.advance(MINUTE)
    }
    await first.watch.check()
    expect(said()).toEqual([['storage_refuses', null, 'begun', 'act']])
    await first.receiver.close({ timeoutMs: 0 })
    const second = await watched({}, { state, every: '5m' })
    await second.watch.check()
    expect(said()).toEqual([])
    // What a process has found of itself ends some looks after it.
    await clock.advance(20 * MINUTE)
    await second.watch.check()
    expect(said()).toEqual([['storage_refuses', null, 'ended', 'act']])
    // What is usual is known as well.
    await clock.advance(24 * 60 * MINUTE - 51 * MINUTE)
    await second.watch.check()
    const [begun, ...others] = said()
    expect(begun).toEqual(['sender_silent', 'shop', 'begun', 'look'])
    expect(new Set(others.map(([, , state]) => state))).toEqual(new Set(['goes_on']))
  })

  it('of a silence goes on for as long as the silence does', async () => {
    const given = await watched({}, { every: '10m' })
    for (let n = 0; n < 30; n++) {
      await post(given)
      await clock.advance(2 * MINUTE)
    }
    await clock.advance(3 * 24 * 60 * MINUTE)
    expect(said().map(([, , state]) => state)).not.toContain('ended')
    await post(given)
    await given.watch.check()
    expect(said()).toEqual([['sender_silent', 'shop', 'ended', 'act']])
  })

  it.each(['', 'no json', '[]', '{"told":[{}],"activity":{"shop":5}}', 'null'])(
    'begins anew over a state such as %j',
    async (text) => {
      const { watch, inbox } = await watched(
        {},
        { state: { read: () => text, write: () => Promise.reject(new Error('full')) } },
      )
      vi.spyOn(inbox.intake, 'trouble').mockReturnValue('the disk is full')
      await watch.check()
      expect(said()).toEqual([['storage_refuses', null, 'begun', 'act']])
    },
  )

  it('is none in a receiver that is not started, or is closed', async () => {
    const receiver = receiverIn(clock)
    const watch = alerts(receiver, { notify: (finding) => void told.push(finding) })
    await watch.check()
    await receiver.close()
    await watch.check()
    expect(said()).toEqual([])
  })
})

/** Each with what makes it, and what does not. */
const CASES: Readonly<Record<string, { makes(): Promise<Given>; not(): Promise<Given>; about: string | null }>> = {
  storage_refuses: {
    about: null,
    async makes() {
      const given = await watched()
      vi.spyOn(given.inbox.intake, 'trouble').mockReturnValue('no')
      return given
    },
    not: () => watched(),
  },
  disk_low: {
    about: null,
    makes: () => onDisk(1),
    not: () => onDisk(0),
  },
  backlog_old: {
    about: null,
    makes: () => waiting(16),
    not: () => waiting(14),
  },
  sender_silent: {
    about: 'shop',
    makes: () => silentFor(61),
    not: () => silentFor(9),
  },
  senders_leave: { about: 'shop', makes: () => leaving(2), not: () => leaving(1) },
  answers_near_limit: { about: 'shop', makes: () => answering(6_000), not: () => answering(4_000) },
  credentials_refused: { about: 'shop', makes: () => refused(101), not: () => refused(100) },
  handler_paused: { about: 'works', makes: () => paused('failures'), not: () => paused('hand') },
  dead_letters: { about: 'works', makes: () => dying(14), not: () => dying(16) },
  quarantine: { about: 'shop', makes: () => unreadable(14), not: () => unreadable(16) },
  repeats_storm: { about: 'shop', makes: () => repeating(3), not: () => repeating(1) },
  old_credential: {
    about: 'shop',
    makes: () => posting('the-second-secret-it-is'),
    not: () => posting('the-first-secret-it-is'),
  },
  unknown_type: { about: 'shop', makes: () => with1({ type: 'new' }, 1), not: () => with1({}, 1) },
  late_events: {
    about: 'shop',
    makes: () => with1({ at: clock.now() - 11 * MINUTE }, 20),
    not: () => with1({ at: clock.now() }, 20),
  },
  clock_off: {
    about: 'shop',
    makes: () => with1({ at: clock.now() + 2 * MINUTE }, 20),
    not: () => with1({ at: clock.now() }, 20),
  },
}

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

async function onDisk(diskFree: number) {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-alerts-'))
  folders.push(folder)
  return await watched({ inbox: sqlite({ path: join(folder, 'inbox.db') }) }, { rules: { diskFree } })
}

async function waiting(minutes: number) {
  const given = await watched()
  await given.receiver.inbox.pause('works')
  await post(given)
  await clock.advance(minutes * MINUTE)
  return given
}

async function silentFor(minutes: number) {
  const given = await watched({}, { rules: { silence: { shop: '1h' }, off: ['backlog_old'] } })
  await post(given)
  await clock.advance(minutes * MINUTE)
  return given
}

async function leaving(count: number) {
  const given = await watched()
  await many(given, 20)
  for (let n = 0; n < count; n++) {
    const request = {
      method: 'POST',
      target: '/shop',
      rawHeaders: [],
      body: null,
      whenLeft: (then: () => void) => then(),
    }
    const body = Buffer.from(JSON.stringify([{ type: 'ping', left: n }]))
    await given.receiver[hostDoor].receive({ ...request, body })
  }
  return given
}

async function answering(ms: number) {
  const given = await watched()
  await many(given, 20)
  const now = performance.now()
  vi.spyOn(performance, 'now')
    .mockReturnValueOnce(now)
    .mockReturnValueOnce(now + ms)
  await post(given)
  vi.restoreAllMocks()
  return given
}

async function refused(count: number) {
  const auth = header('x-key', 'a-secret-of-some-length')
  const given = await watched({ sources: { shop: toy({ auth }) } })
  for (let n = 0; n < count; n++) await send(given.receiver, { headers: ['x-key', `wrong${n}`] })
  return given
}

async function paused(by: 'hand' | 'failures') {
  const given = await watched()
  await given.inbox.carryOut({ kind: 'pause', handler: 'works', by })
  return given
}

async function dying(minutes: number) {
  const given = await watched()
  fails = true
  await post(given)
  fails = false
  await clock.advance(minutes * MINUTE)
  return given
}

async function unreadable(minutes: number) {
  const given = await watched()
  await send(given.receiver, { body: '[5]' })
  await given.receiver.whenIdle()
  await clock.advance(minutes * MINUTE)
  return given
}

async function repeating(count: number) {
  const given = await watched()
  await many(given, 20)
  for (let n = 0; n <= count; n++) await send(given.receiver, { body: '[{"type":"ping","again":true}]' })
  await given.receiver.whenIdle()
  return given
}

async function posting(secret: string) {
  const auth = header('x-key', ['the-first-secret-it-is', { label: 'old', secret: 'the-second-secret-it-is' }])
  const given = await watched({ sources: { shop: toy({ auth }) } })
  await post(given, {}, ['x-key', secret])
  return given
}

async function with1(more: object, count: number) {
  const given = await watched()
  await many(given, count, more)
  return given
}

it.each(Object.entries(CASES))('%s is found where it is so, and nowhere else', async (id, { makes, not, about }) => {
  await (await makes()).watch.check()
  expect(said()).toEqual([[id, about, 'begun', expect.stringMatching(/^(look|act)$/)]])
  await (await not()).watch.check()
  expect(said()).toEqual([])
})

describe('a clock that is set', () => {
  const HOUR = 60 * MINUTE
  const LEAPS = [-59_000, 59_000, HOUR, -HOUR, -9_000 * HOUR, 9_000 * HOUR]

  it.each(Object.entries(CASES))('by however much ends no %s, and begins none', async (_id, { makes, not }) => {
    for (const make of [makes, not]) {
      const given = await make()
      await given.watch.check()
      said()
      for (const ms of LEAPS) {
        clock.leap(ms)
        await given.watch.check()
        expect([ms, said()]).toEqual([ms, []])
      }
    }
  })

  it('back ends nothing when it comes by again at what it has dated', async () => {
    const given = await waiting(20)
    await given.watch.check()
    said()
    clock.leap(-HOUR)
    await given.watch.check()
    await clock.advance(50 * MINUTE)
    await given.watch.check()
    expect(said()).toEqual([])
  })
})

it('of storage is none in a process that takes no deliveries by its role', async () => {
  const { watch } = await watched({ role: 'process' })
  await watch.check()
  expect(said()).toEqual([])
})

it('of senders that leave is found where all leave before their body is complete', async () => {
  const given = await watched()
  const leave = () =>
    given.receiver[hostDoor].receive({
      ...{ method: 'POST', target: '/shop', rawHeaders: [], whenLeft: (then: () => void) => then() },
      body: (async function* () {
        yield Buffer.from('[{"type"')
        throw new Error('aborted')
      })(),
    })
  for (let n = 0; n < 19; n++) await leave()
  await given.watch.check()
  expect(said()).toEqual([])
  await leave()
  await given.watch.check()
  expect(said()).toEqual([['senders_leave', 'shop', 'begun', 'act']])
})

it('has a case for each finding', () => {
  expect(Object.keys(CASES)).toEqual(FINDINGS)
})

describe('a silence', () => {
  it('is measured by what is usual, and grows worse', async () => {
    const given = await watched()
    for (let n = 0; n < 30; n++) {
      await post(given)
      await clock.advance(2 * MINUTE)
    }
    // 30 minutes of 1 440: a gap of 48 minutes.
    await clock.advance(10 * 48 * MINUTE - 2 * MINUTE)
    await given.watch.check()
    expect(said()).toEqual([])
    await clock.advance(2 * MINUTE)
    await given.watch.check()
    expect(said()).toEqual([['sender_silent', 'shop', 'begun', 'look']])
    await post(given)
    await given.watch.check()
    expect(said()).toEqual([['sender_silent', 'shop', 'ended', 'look']])
  })

  it('goes on over restarts, however often they come', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-alerts-'))
    const start = () =>
      watched({ inbox: sqlite({ path: join(folder, 'inbox.db') }) }, { rules: { silence: { shop: '1h' } } })
    try {
      const first = await start()
      await post(first)
      for (let n = 0; n < 2; n++) {
        await clock.advance(31 * MINUTE)
        await open.pop()?.close()
        const { watch } = await start()
        await watch.check()
        expect(said()).toEqual(n === 0 ? [] : [['sender_silent', 'shop', 'begun', 'act']])
      }
    } finally {
      for (const receiver of open.splice(0)) await receiver.close({ timeoutMs: 0 })
      rmSync(folder, { recursive: true })
    }
  })

  it('has no verdict on a source with too few deliveries, and one of its own where it is set', async () => {
    const given = await watched({}, { rules: { silence: { outlet: '30m' } } })
    await many(given, 23)
    await clock.advance(31 * MINUTE)
    await given.watch.check()
    expect(said()).toEqual([['sender_silent', 'outlet', 'begun', 'act']])
  })
})

describe('a source', () => {
  it('called like a member of every object may be silent too', async () => {
    const name = 'constructor'
    const given = await watched({ sources: { [name]: toy() } })
    for (let n = 0; n < 30; n++) {
      await send(given.receiver, { target: `/${name}`, body: JSON.stringify([{ type: 'ping', n: serial++ }]) })
      await clock.advance(MINUTE)
    }
    await clock.advance(30 * 48 * MINUTE)
    await given.watch.check()
    expect(said()).toEqual([['sender_silent', name, 'begun', 'act']])
  })

  it('whose silence is not said is silent as its last day says', async () => {
    const given = await watched({}, { rules: { silence: { shop: undefined } as never } })
    await clock.advance(MINUTE)
    await given.watch.check()
    expect(said()).toEqual([])
  })

  it('whose tokens are asked for with wrong credentials has refused them', async () => {
    const issuer = { clientId: 'sparkpost', clientSecret: 'a-secret-of-some-length', signingKey: 'k'.repeat(32) }
    const given = await watched({ sources: { shop: toy({ auth: oauth2Issuer(issuer) }) } })
    const body = 'grant_type=client_credentials&client_id=sparkpost&client_secret=wrong'
    const headers = ['content-type', 'application/x-www-form-urlencoded']
    for (let n = 0; n < 101; n++) await send(given.receiver, { target: '/shop/token', headers, body })
    await given.watch.check()
    expect(said()).toEqual([['credentials_refused', 'shop', 'begun', 'look']])
  })
})

it('tells of nothing that is switched off', async () => {
  const { watch, inbox } = await watched({}, { rules: { off: ['storage_refuses'] } })
  vi.spyOn(inbox.intake, 'trouble').mockReturnValue('no')
  await watch.check()
  expect(said()).toEqual([])
})

it.each([
  [undefined],
  [{}],
  [{ notify: 5 }],
  [{ every: '1 minute' }],
  [{ every: 0 }],
  [{ every: Number.NaN }],
  [{ every: Number.POSITIVE_INFINITY }],
  [{ every: -1 }],
  [{ every: '0s' }],
  [{ rules: { backlog: '' } }],
  [{ rules: { diskFree: Number.NaN } }],
  [{ rules: { silence: { shopp: '30m' } } }],
  [{ rules: { silence: { shop: 'never' } } }],
  [{ rules: { off: ['silence'] } }],
  [{ rules: { diskFree: 10 } }],
  [{ rules: { bounces: 1 } }],
  [{ state: {} }],
  [{ channel: '#ops' }],
  [{ name: '' }],
  [{ name: 5 }],
  [{ name: 'x'.repeat(65) }],
])('takes no options such as %j', (options) => {
  const given = options === undefined ? undefined : { notify: () => {}, ...options }
  if (options !== undefined && Object.keys(options).length === 0) delete (given as { notify?: unknown }).notify
  expect(() => alerts(receiverIn(clock), given as never)).toThrow(OptionError)
})

it('is for receivers', () => {
  for (const wrong of [undefined, null, {}])
    expect(() => alerts(wrong as never, { notify: () => {} })).toThrow(OptionError)
})
