/** The metrics of a receiver in a real registry of prom-client. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Counter, Registry } from 'prom-client'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { header } from '../../src/auth/index.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { createReceiver, OptionError, PermanentError } from '../../src/index.ts'
import { port, watchDoor } from '../../src/lib/symbols.ts'
import { metrics } from '../../src/prometheus/index.ts'
import { momentum } from '../../src/providers/momentum/index.ts'
import { METRIC_NAMES, METRICS } from '../../src/telemetry/table.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { send } from '../support/neutral.ts'
import { receiverIn } from '../support/receivers.ts'
import { toy } from '../support/toy.ts'

const open: { close(options?: object): Promise<unknown> }[] = []
afterEach(async () => {
  for (const receiver of open.splice(0)) await receiver.close({ timeoutMs: 0 })
})

function receiving(options: object = {}) {
  const inbox = memory()
  const receiver = createReceiver({ inbox, sources: { shop: toy() }, logger: false, ...options })
  open.push(receiver)
  return { receiver, inbox: inbox[port] }
}

/** Lines of the exposition, without comments. */
const scrape = async (register: Registry) =>
  (await register.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))

const of = (lines: readonly string[], start: string) => lines.filter((line) => line.startsWith(start))

describe('a scrape', () => {
  it('has what happened, by source, handler and type', async () => {
    const register = new Registry()
    const { receiver } = receiving({ sources: { shop: toy({ auth: header('x-key', 'a-secret-of-some-length') }) } })
    metrics(receiver, { register })
    receiver.on('toy.ping', { name: 'works' }, () => {})
    receiver.on('toy.ping', { name: 'dies' }, () => {
      throw new PermanentError('no')
    })
    await receiver.start()
    const before = await scrape(register)
    expect(of(before, 'posthorn_dead_total')).toEqual([
      'posthorn_dead_total{handler="works"} 0',
      'posthorn_dead_total{handler="dies"} 0',
    ])
    const headers = ['x-key', 'a-secret-of-some-length']
    const body = '[{"type":"ping"},{"type":"pong"},{"type":"new"},5]'
    await send(receiver, { headers, body })
    await receiver.whenIdle()
    await send(receiver, { headers, body })
    await send(receiver, { headers, body: '[]' })
    await send(receiver, { headers: ['x-key', 'wrong'] })
    await send(receiver, { target: '/nowhere' })
    await receiver.whenIdle()
    const lines = await scrape(register)
    for (const line of [
      'posthorn_deliveries_total{source="shop",result="accepted"} 1',
      'posthorn_deliveries_total{source="shop",result="duplicate"} 1',
      'posthorn_deliveries_total{source="shop",result="probe"} 1',
      `posthorn_received_bytes_total{source="shop"} ${2 * body.length}`,
      'posthorn_refused_total{source="shop",code="unauthorized"} 1',
      'posthorn_refused_total{source="none",code="unknown_source"} 1',
      'posthorn_auth_refused_total{source="shop",reason="credential_wrong"} 1',
      'posthorn_events_total{source="shop",type="opened"} 1',
      'posthorn_events_total{source="shop",type="complained"} 1',
      'posthorn_events_total{source="shop",type="unknown"} 1',
      'posthorn_handled_total{handler="works"} 1',
      'posthorn_dead_total{handler="dies"} 1',
      'posthorn_attempts_failed_total{handler="dies",error="PermanentError"} 1',
      'posthorn_unhandled_total{source="shop",name="toy.pong"} 1',
      'posthorn_quarantined_total{source="shop",reason="element_unreadable"} 1',
      'posthorn_ack_seconds_count{source="shop"} 2',
      'posthorn_ack_seconds_bucket{le="10",source="shop"} 2',
      'posthorn_settle_seconds_count{source="shop"} 1',
      'posthorn_event_late_seconds_count{source="shop"} 3',
      'posthorn_handler_seconds_count{handler="works",result="done"} 1',
      'posthorn_handler_seconds_count{handler="dies",result="failed"} 1',
    ])
      expect(lines.map(sorted)).toContain(sorted(line))
  })

  /** Labels in the order of their names. */
  const sorted = (line: string) =>
    line.replace(/\{(.*)\}/, (_, labels: string) => `{${labels.split(',').sort().join(',')}}`)

  it('has the last delivery and the last use of a credential over a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-metrics-'))
    const clock = new FakeClock()
    const gauges = /^posthorn_(last_delivery|credential_last_used)_timestamp_seconds/
    const auth = header('x-key', [{ label: 'now', secret: 'a-secret-of-some-length' }])
    const life = async (work: (receiver: ReturnType<typeof receiverIn>) => Promise<unknown>) => {
      const register = new Registry()
      const inbox = sqlite({ path: join(folder, 'inbox.db') })
      const receiver = receiverIn(clock, { inbox, sources: { shop: toy({ auth }), never: toy({ auth }) } })
      open.push(receiver)
      metrics(receiver, { register })
      await receiver.start()
      await work(receiver)
      const lines = await scrape(register)
      await receiver.close()
      return lines.filter((line) => gauges.test(line))
    }
    try {
      const before = await life((receiver) => send(receiver, { headers: ['x-key', 'a-secret-of-some-length'] }))
      expect(before).toEqual([expect.stringContaining('source="shop"'), expect.stringContaining('credential="now"')])
      clock.leap(60_000)
      expect(await life(async () => {})).toEqual(before)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('has what is the case, read once for all gauges', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-metrics-'))
    try {
      const register = new Registry()
      const inbox = sqlite({ path: join(folder, 'inbox.db') })
      const stats = vi.spyOn(inbox[port].records, 'stats')
      const auth = header('x-key', ['the-first-secret-it-is', { label: 'old', secret: 'the-second-secret-it-is' }])
      const sources = { shop: momentum({ auth }), plain: toy({ auth }) }
      const { receiver } = receiving({ inbox, sources })
      receiver.on('toy.ping', { name: 'waits' }, () => {
        throw new Error('no')
      })
      metrics(receiver, { register })
      await receiver.start()
      await receiver.inbox.pause('waits')
      await send(receiver, { target: '/plain', headers: ['x-key', 'the-second-secret-it-is'] })
      await receiver.whenIdle()
      const asked = stats.mock.calls.length
      const lines = await scrape(register)
      await scrape(register)
      expect(stats.mock.calls.length - asked).toBe(2)
      for (const line of [
        'posthorn_ready 1',
        'posthorn_backlog_deliveries 1',
        'posthorn_dead_letters 0',
        'posthorn_quarantine_items 0',
        'posthorn_handler_paused{handler="waits",by="hand"} 1',
        'posthorn_handler_paused{handler="waits",by="failures"} 0',
        'posthorn_ack_limit_seconds{source="shop"} 6',
        'posthorn_ack_limit_seconds{source="plain"} 10',
      ])
        expect(lines).toContain(line)
      for (const start of [
        'posthorn_backlog_oldest_timestamp_seconds 1',
        'posthorn_inbox_bytes{file="db"} ',
        'posthorn_inbox_bytes{file="wal"} ',
        'posthorn_disk_free_bytes ',
        'posthorn_info{version="0.1.0",inbox="sqlite",sqlite="3.',
        'posthorn_last_delivery_timestamp_seconds{source="plain"} 1',
        'posthorn_credential_last_used_timestamp_seconds{source="plain",credential="old",place="later"} 1',
      ])
        expect([start, of(lines, start)]).toEqual([start, [expect.any(String)]])
    } finally {
      for (const receiver of open.splice(0)) await receiver.close({ timeoutMs: 0 })
      rmSync(folder, { recursive: true })
    }
  })

  it('has the native names where they are asked for, and counts tests of a sender as none', async () => {
    const register = new Registry()
    const { receiver } = receiving()
    metrics(receiver, { register, names: true })
    receiver.on('*', { name: 'any' }, () => {})
    await send(receiver, { body: '[{"type":"ping"},{"type":"ping","test":true}]' })
    await receiver.whenIdle()
    expect(of(await scrape(register), 'posthorn_events_total')).toEqual([
      'posthorn_events_total{source="shop",type="opened",name="toy.ping"} 1',
      'posthorn_events_total{source="shop",type="unknown",name="toy.unknown"} 0',
    ])
  })

  it('begins at 0 what the alert of unknown types rises from, with native names too', async () => {
    for (const names of [false, true]) {
      const register = new Registry()
      const { receiver } = receiving()
      metrics(receiver, { register, names })
      const [line = ''] = of(await scrape(register), 'posthorn_events_total')
      receiver.on('*', { name: 'all' }, () => {})
      await send(receiver, { body: '[{"type":"new"}]' })
      await receiver.whenIdle()
      expect(of(await scrape(register), 'posthorn_events_total')).toEqual([line.replace(/ 0$/, ' 1')])
    }
  })

  it('says nothing of readiness where the role takes no deliveries', async () => {
    const register = new Registry()
    const { receiver } = receiving({ role: 'process' })
    metrics(receiver, { register })
    await receiver.start()
    expect(of(await scrape(register), 'posthorn_ready')).toEqual([])
  })

  it('has each metric of the table as OpenMetrics too', async () => {
    const register = new Registry()
    register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never)
    const { receiver } = receiving()
    const { dispose } = metrics(receiver, { register })
    await send(receiver)
    const text = await register.metrics()
    expect(text).toContain('# TYPE posthorn_deliveries counter')
    expect(text).toContain('posthorn_deliveries_total{source="shop",result="accepted"} 1')
    for (const name of METRIC_NAMES)
      expect(text).toContain(`# TYPE ${name.replace(/_total$/, '')} ${METRICS[name].type}`)
    dispose()
    expect(register.getMetricsAsArray()).toEqual([])
  })
})

it('makes no more series of a million hostile events', async () => {
  const register = new Registry()
  const { receiver } = receiving()
  metrics(receiver, { register, names: true })
  receiver.on('toy.ping', { name: 'fails', retry: { attempts: 1 } }, (event) => {
    throw Object.assign(new PermanentError('no'), { code: `E${event.id.replaceAll(/\W/g, '')}` })
  })
  const hostile = (batch: number, count: number) =>
    JSON.stringify(
      Array.from({ length: count }, (_, n) => ({ batch, type: n % 50_000 === 0 ? 'ping' : `x${batch}_${n}` })),
    )
  const post = async (batch: number, count: number) => {
    await send(receiver, { body: hostile(batch, count) })
    await send(receiver, { target: `/${batch}/nowhere${batch}`, headers: ['x-key', `${batch}`] })
    await receiver.whenIdle()
  }
  await post(0, 100)
  for (let batch = 1; batch <= 20; batch++) await post(batch, 1)
  const before = (await scrape(register)).length
  for (let batch = 100; batch < 110; batch++) await post(batch, 100_000)
  const lines = await scrape(register)
  expect(lines.length).toBe(before)
  expect(lines).toContain('posthorn_events_total{source="shop",type="unknown",name="toy.unknown"} 1000079')
}, 120_000)

describe('the labels', () => {
  it('of handlers are a hundred, those that were registered first, and `other`', async () => {
    const register = new Registry()
    const { receiver } = receiving()
    metrics(receiver, { register })
    for (let n = 0; n < 150; n++) receiver.on(n < 120 ? 'toy.pong' : 'toy.ping', { name: `h${n}` }, () => {})
    await send(receiver, { body: '[{"type":"ping"}]' })
    await receiver.whenIdle()
    const handled = of(await scrape(register), 'posthorn_handled_total')
    expect(handled).toHaveLength(101)
    expect(handled).toContain('posthorn_handled_total{handler="other"} 30')
  })

  it('are written so that every line is one, whatever handlers and credentials are called', async () => {
    const register = new Registry()
    const names = ['', 'a"} 1\nforged_total 5', 'b\\', '__proto__', 'ünï', '{x="y"}']
    const secrets = names.map((name, n) => ({ label: name || 'none', secret: `a-secret-of-some-length-${n}` }))
    const auth = header('x-key', [...secrets, 'a-secret-without-a-label'])
    const { receiver } = receiving({ sources: { shop: toy({ auth }), constructor: toy({ auth }) } })
    metrics(receiver, { register })
    for (const name of names) if (name !== '') receiver.on('toy.ping', { name }, () => {})
    for (const secret of [...secrets.map(({ secret }) => secret), 'a-secret-without-a-label'])
      for (const target of ['/shop', '/constructor'])
        await send(receiver, { target, headers: ['x-key', secret], body: `[{"type":"ping","of":"${secret}"}]` })
    await receiver.whenIdle()
    const lines = await scrape(register)
    expect(lines.filter((line) => !/^posthorn_\w+(\{(\w+="([^"\\]|\\[\\n"])*",?)*\})? \S+$/.test(line))).toEqual([])
    expect(of(lines, 'posthorn_handled_total')).toHaveLength(5)
    const series = lines.map((line) => line.slice(0, line.lastIndexOf(' ')))
    expect(series.filter((one, at) => series.indexOf(one) !== at)).toEqual([])
    expect(of(lines, 'posthorn_credential_last_used')).toHaveLength(12)
  })
})

it('measures nothing below zero, whatever is done to the clock', async () => {
  const clock = new FakeClock()
  const register = new Registry()
  const receiver = receiverIn(clock)
  open.push(receiver)
  metrics(receiver, { register })
  receiver.on('toy.ping', { name: 'works' }, () => clock.leap(-3_600_000))
  await send(receiver)
  await receiver.whenIdle()
  const lines = await scrape(register)
  const sums = lines.filter((line) => /^posthorn_\w+_sum/.test(line)).map((line) => Number(line.split(' ').at(-1)))
  expect(sums.length).toBeGreaterThan(3)
  expect(sums.filter((sum) => sum < 0)).toEqual([])
  expect(lines).toContain('posthorn_settle_seconds_sum{source="shop"} 0')
})

it('says that a receiver is not ready, and no more, before it is', async () => {
  const register = new Registry()
  metrics(receiving().receiver, { register })
  const lines = await scrape(register)
  expect(lines).toContain('posthorn_ready 0')
  expect(of(lines, 'posthorn_backlog')).toEqual([])
})

describe('a registry', () => {
  it('is shared by receivers: counters are summed, gauges joined; the last one takes the metrics along', async () => {
    const register = new Registry()
    const [one, other] = [receiving().receiver, receiving().receiver]
    const first = metrics(one, { register })
    const second = metrics(other, { register })
    await one.start()
    await send(one)
    await send(other)
    await send(other, { body: '[{"type":"pong"}]' })
    const lines = await scrape(register)
    expect(lines).toContain('posthorn_deliveries_total{source="shop",result="accepted"} 3')
    expect(lines).toContain('posthorn_ack_seconds_count{source="shop"} 3')
    expect(of(lines, 'posthorn_ready')).toEqual(['posthorn_ready 1'])
    await other.close()
    first.dispose()
    first.dispose()
    expect(await scrape(register)).toContain('posthorn_deliveries_total{source="shop",result="accepted"} 2')
    second[Symbol.dispose]()
    expect(register.getMetricsAsArray()).toEqual([])
    expect(one[watchDoor].on('stored', () => {})).toBeTypeOf('function')
  })

  it('has a receiver once, however often it is put in', async () => {
    const register = new Registry()
    const { receiver } = receiving()
    const first = metrics(receiver, { register })
    expect(metrics(receiver, { register })).toBe(first)
    expect(() => metrics(receiver, { register, names: true })).toThrow(OptionError)
    await send(receiver)
    expect(await scrape(register)).toContain('posthorn_deliveries_total{source="shop",result="accepted"} 1')
    first.dispose()
    const again = metrics(receiver, { register, names: true })
    expect(again).not.toBe(first)
    first.dispose()
    expect(metrics(receiver, { register, names: true })).toBe(again)
  })

  it('tells what is the case of the receiver that was made anew, and counts on', async () => {
    const register = new Registry()
    const [old, next] = [receiving().receiver, receiving().receiver]
    metrics(old, { register })
    await send(old)
    await old.close()
    expect(await scrape(register)).toContain('posthorn_ready 0')
    metrics(next, { register })
    await send(next)
    const lines = await scrape(register)
    expect(of(lines, 'posthorn_ready')).toEqual(['posthorn_ready 1'])
    expect(lines).toContain('posthorn_deliveries_total{source="shop",result="accepted"} 2')
  })

  it('is scraped while the inbox does not answer', async () => {
    const clock = new FakeClock()
    const inbox = memory()
    const receiver = receiverIn(clock, { inbox })
    open.push(receiver)
    const register = new Registry()
    metrics(receiver, { register })
    await send(receiver)
    vi.spyOn(inbox[port].records, 'stats').mockReturnValue(new Promise(() => {}))
    const scraped = scrape(register)
    await clock.advance(5_000)
    const lines = await scraped
    expect(lines).toContain('posthorn_ready 0')
    expect(lines).toContain('posthorn_deliveries_total{source="shop",result="accepted"} 1')
    expect(of(lines, 'posthorn_backlog')).toEqual([])
  })

  it('may be scraped by several processes: each metric says how it is joined', async () => {
    const register = new Registry()
    metrics(receiving().receiver, { register })
    const all = (await register.getMetricsAsJSON()) as unknown as { name: string; aggregator: string }[]
    expect(all.filter(({ name }) => /ready|oldest/.test(name)).map(({ aggregator }) => aggregator)).toEqual([
      'min',
      'min',
    ])
  })

  it('that was cleared takes the receiver in again', async () => {
    const register = new Registry()
    const { receiver } = receiving()
    const first = metrics(receiver, { register })
    register.clear()
    const again = metrics(receiver, { register, names: true })
    expect(again).not.toBe(first)
    await send(receiver)
    const accepted = 'posthorn_deliveries_total{source="shop",result="accepted"} 1'
    expect(await scrape(register)).toContain(accepted)
    // It took nothing out that is not its own.
    first.dispose()
    expect(await scrape(register)).toContain(accepted)
  })

  it('that was cleared keeps what another has put in since, whenever the first leaves', async () => {
    const register = new Registry()
    const [one, other] = [receiving().receiver, receiving().receiver]
    const first = metrics(one, { register })
    register.clear()
    metrics(other, { register })
    first.dispose()
    await send(other)
    expect(await scrape(register)).toContain('posthorn_deliveries_total{source="shop",result="accepted"} 1')
  })

  it('of a prom-client that waits for no metric is refused: it would show none', () => {
    const old = Object.assign(new Registry(), { registerCollector: () => {} })
    expect(() => metrics(receiving().receiver, { register: old })).toThrow(OptionError)
    expect(old.getMetricsAsArray()).toEqual([])
  })

  it('that has another metric of such a name is refused, and left as it was', () => {
    const register = new Registry()
    new Counter({ name: 'posthorn_dead_total', help: 'mine', registers: [register] })
    expect(() => metrics(receiving().receiver, { register })).toThrow(OptionError)
    expect(register.getMetricsAsArray()).toHaveLength(1)
  })

  it.each([undefined, null, {}, 5])('that is none is refused: %j', (register) => {
    expect(() => metrics(receiving().receiver, { register } as never)).toThrow(OptionError)
  })

  it('is for receivers alone, and takes no other options', () => {
    const register = new Registry()
    for (const wrong of [undefined, null, {}]) expect(() => metrics(wrong as never, { register })).toThrow(OptionError)
    const { receiver } = receiving()
    for (const more of [{ labels: {} }, { names: 'yes' }])
      expect(() => metrics(receiver, { register, ...more } as never)).toThrow(OptionError)
    expect(() => metrics(receiver, undefined as never)).toThrow(OptionError)
  })
})

it('says the version of the package', () => {
  const root = join(import.meta.dirname, '../..')
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  expect(readFileSync(join(root, 'src/telemetry/version.ts'), 'utf8')).toContain(`'${version}'`)
})
