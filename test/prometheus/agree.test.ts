/** Four ways to ask how often something happened, and one answer: scrapes, `metrics()`, `stats()` and tallies. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { afterEach, expect, it } from 'vitest'
import { header } from '../../src/auth/index.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { type Metrics, PermanentError } from '../../src/index.ts'
import { metrics } from '../../src/prometheus/index.ts'
import { momentum } from '../../src/providers/momentum/index.ts'
import { sampleOf } from '../../src/testing/sample.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { send } from '../support/neutral.ts'
import { all, receiverIn } from '../support/receivers.ts'
import { toy } from '../support/toy.ts'

const HOUR = 3_600_000
const KEY = 'a-secret-of-some-length'
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** One process on the file, with a registry of its own. */
async function life(path: string, clock: FakeClock, isUp: () => boolean) {
  const auth = header('x-key', KEY)
  const sources = { shop: toy({ auth }), outlet: toy({ auth, dedupeWindowMs: HOUR }), mail: momentum({ auth }) }
  const receiver = receiverIn(clock, { inbox: sqlite({ path }), sources })
  cleanups.push(() => receiver.close({ timeoutMs: 0 }))
  const register = new Registry()
  metrics(receiver, { register })
  const on = receiver.on.bind(receiver) as (name: string, options: object, run: (event: never) => unknown) => unknown
  on('toy.ping', { name: 'works' }, () => {})
  on('toy.ping', { name: 'fails', retry: { attempts: 3, minMs: 1_000, maxMs: 1_000 } }, () => {
    if (!isUp()) throw Object.assign(new Error('no'), { code: 'ECONNREFUSED' })
  })
  on('toy.ping', { name: 'dies' }, ({ payload }: { payload: { n: number } }) => {
    if (payload.n % 2 === 0) throw new PermanentError('no')
  })
  on('bounced', { name: 'bounces' }, () => {})
  await receiver.start()
  const post = async (source: string, body: string, key = KEY, more: readonly string[] = []) => {
    await send(receiver as never, { source, target: `/${source}`, body, headers: ['x-key', key, ...more] })
    await receiver.whenIdle()
  }
  return { receiver, register, post }
}

type Life = Awaited<ReturnType<typeof life>>
type Counts = Record<string, number>

/** Sums of what is asked for, by labels joined. */
async function scraped(lives: readonly Registry[], name: string): Promise<Counts> {
  const sums: Counts = {}
  for (const register of lives) {
    const metric = await register.getSingleMetric(name)?.get()
    for (const { labels, value, ...rest } of metric?.values ?? []) {
      if ('metricName' in rest && !String(rest.metricName).endsWith('_count')) continue
      add(sums, Object.values(labels).join(' '), value)
    }
  }
  return sums
}

function add(sums: Counts, key: string, value: number): void {
  const sum = (sums[key] ?? 0) + value
  if (sum !== 0) sums[key] = sum
}

const total = (counts: Counts) => Object.values(counts).reduce((sum, count) => sum + count, 0)

it('agree after failures, repeats, refusals, and a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-agree-'))
  cleanups.push(() => rmSync(folder, { recursive: true }))
  const clock = new FakeClock()
  let isUp = true
  const path = join(folder, 'inbox.db')
  const first = await life(path, clock, () => isUp)
  const ping = (n: number, more: object = {}) => ({ type: 'ping', n, at: clock.now() - n * 60_000, ...more })
  const traffic = async ({ post, receiver }: Life, from: number) => {
    const body = JSON.stringify([ping(from), ping(from + 1), { type: 'pong', n: from }, { type: 'new' }, { bad: 1 }])
    await post('shop', body)
    await post('shop', body)
    await post('shop', body, 'wrong')
    await post('shop', `no json ${from}`)
    await post('shop', JSON.stringify([ping(from, { batch: 1 })]), KEY, ['x-toy-batch', `b${from}`])
    await post('shop', JSON.stringify([ping(from, { batch: 2 })]), KEY, ['x-toy-batch', `b${from}`])
    await post('shop', '[]')
    await post('shop', JSON.stringify([ping(from, { test: true })]))
    await post('outlet', JSON.stringify([ping(from + 1, { id: `e${from}` })]))
    await post(
      'outlet',
      JSON.stringify([ping(from + 1, { id: `e${from}`, again: 1 }), ping(from + 3, { id: `f${from}` })]),
    )
    await post('mail', `[${sampleOf('momentum.bounce').text.replace('{', `{"x":${from},`)}]`)
    await receiver.inject('shop', [ping(from + 5)])
    await receiver.inject('shop', [ping(from + 5)])
    await receiver.whenIdle()
  }
  await traffic(first, 0)
  // What fails now is tried again in another life, and dies there.
  isUp = false
  await traffic(first, 10)
  await first.receiver.close()
  const second = await life(path, clock, () => isUp)
  for (let tries = 0; tries < 4; tries++) {
    await clock.advance(2_000)
    await second.receiver.whenIdle()
  }
  isUp = true
  await traffic(second, 20)

  // What was asked of it in its last minute is stored at its end.
  await clock.advance(60_000)

  const lives = [first.register, second.register]
  const metric = (name: string) => scraped(lives, `posthorn_${name}`)
  const own = [first.receiver.metrics(), second.receiver.metrics()]
  const sum = (of: (metrics: Metrics) => number) => own.reduce((found, one) => found + of(one), 0)
  const stats = await second.receiver.inbox.stats()
  const rows = await all(second.receiver.inbox.tallies({ step: 'minute' }))
  /** By the source and what `keyOf` makes of the word. */
  const tallied = (keyOf: (word: string) => string | null, of: 'count' | 'sum' = 'count') => {
    const sums: Counts = {}
    for (const row of rows) {
      const key = keyOf(row.word)
      if (key !== null) add(sums, key.replace('$', row.source), row[of])
    }
    return sums
  }
  const rest =
    (start: string, prefix = '') =>
    (word: string) =>
      word.startsWith(start) ? `${prefix}${word.slice(start.length)}` : null
  const RESULTS: Readonly<Record<string, string>> = { in: '$ accepted', dup: '$ duplicate' }

  const deliveries = await metric('deliveries_total')
  expect(deliveries).toMatchObject({ 'shop accepted': 18, 'shop duplicate': 6, 'shop probe': 3, 'mail accepted': 3 })
  const stored = Object.fromEntries(Object.entries(deliveries).filter(([key]) => !key.endsWith('probe')))
  expect(tallied((word) => RESULTS[word] ?? null)).toEqual(stored)
  expect(sum((one) => one.accepted + one.duplicates)).toBe(total(stored))
  expect(tallied((word) => (word in RESULTS ? '$' : null), 'sum')).toEqual(await metric('received_bytes_total'))

  // Tests are counted beside, not among, the others.
  const types = tallied((word) => (word.startsWith('ev:') ? `$ ${word.split('/').at(-1)}` : null))
  for (const [source, count] of Object.entries(tallied((word) => (word === 'test' ? '$' : null))))
    add(types, `${source} opened`, -count)
  expect(await metric('events_total')).toEqual(types)
  const bounces = tallied((word) => (word.startsWith('bounce:') ? `$ ${word.slice(7).split('/')[0]}` : null))
  expect(await metric('bounces_total')).toEqual(bounces)
  expect(total(bounces)).toBe(3)
  expect(total(await metric('event_late_seconds'))).toBe(total(types))
  expect(await metric('settle_seconds')).toEqual(tallied((word) => (word.startsWith('lag:') ? '$' : null)))

  const handled = await metric('handled_total')
  expect(handled.fails).toBeGreaterThan(10)
  expect(handled).toEqual(tallied(rest('done:')))
  expect(sum((one) => one.handled)).toBe(total(handled))
  const dead = await metric('dead_total')
  expect(dead).toMatchObject({ fails: expect.any(Number), dies: expect.any(Number) })
  expect(dead).toEqual(tallied(rest('dead:')))
  expect([sum((one) => one.dead), stats.deadLetters]).toEqual([total(dead), total(dead)])
  // Each attempt that failed: those that were tried again, and the last of each that died.
  const failed = await metric('attempts_failed_total')
  expect(total(failed)).toBe(sum((one) => one.retried + one.dead))
  const [again, last] = [tallied(rest('fail:')), tallied(rest('dead:'))]
  expect(again.fails).toBeGreaterThan(10)
  expect(total(again)).toBe(sum((one) => one.retried))
  const byHandler: Counts = {}
  for (const [labels, count] of Object.entries(failed)) add(byHandler, labels.split(' ')[0] ?? '', count)
  for (const [handler, count] of Object.entries(last)) add(again, handler, count)
  expect(again).toEqual(byHandler)
  const quarantined = await metric('quarantined_total')
  expect(quarantined).toMatchObject({ 'shop element_unreadable': 3, 'shop delivery_unreadable': 3 })
  expect(tallied(rest('quarantined:', '$ '))).toEqual(quarantined)
  expect([sum((one) => one.quarantined), stats.quarantined]).toEqual([6, 6])
  const unhandled = await metric('unhandled_total')
  expect(unhandled).toEqual(tallied(rest('unhandled:', '$ ')))
  expect(sum((one) => one.unhandled)).toBe(total(unhandled))
  expect(total(stats.unhandled)).toBe(total(unhandled))
  const copies = await metric('duplicate_events_total')
  expect(copies).toEqual({ outlet: 3 })
  expect([tallied((word) => (word === 'copy' ? '$' : null)), { ...stats.duplicateEvents }]).toEqual([copies, copies])
  expect(sum((one) => one.duplicateEvents)).toBe(3)
  const conflicts = await metric('batch_conflicts_total')
  expect([conflicts, sum((one) => one.conflicts)]).toEqual([{ shop: 3 }, 3])

  const refused = await metric('refused_total')
  expect(refused).toEqual({ 'shop unauthorized': 3 })
  expect(sum((one) => one.rejected.unauthorized ?? 0)).toBe(3)
  expect(tallied(rest('refused:', '$ '))).toEqual(refused)
  const turnedAway = await metric('auth_refused_total')
  expect(total(turnedAway)).toBe(sum((one) => total({ ...one.turnedAway })))
  expect(tallied(rest('turned:', '$ '))).toEqual(turnedAway)
  expect(total(await metric('ack_seconds'))).toBe(sum((one) => one.ackMs.count))
  const acks = tallied(rest('ack:'))
  const buckets = own[0]?.ackMs.buckets.map((count, at) => count + (own[1]?.ackMs.buckets[at] ?? 0)) ?? []
  expect(buckets.map((_, at) => acks[at] ?? 0)).toEqual(buckets)
  const uses = await all((await second.receiver.inbox.seen()).values() as never)
  expect(uses).toHaveLength(3)
  // Nothing is left, so that all that came is accounted for.
  expect(stats.pending).toBe(0)
})
