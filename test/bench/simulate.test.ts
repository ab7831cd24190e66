/** The simulation: the same plan gives the same, nothing is lost but at the senders, and it repeats as the emulators do. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { measuredCosts } from '../../bench/simulate/costs.ts'
import { lookFor, simulate } from '../../bench/simulate/model.ts'
import { hours, type Kind, type Plan, randomFailures } from '../../bench/simulate/plan.ts'
import { asPlots } from '../../bench/simulate/show.ts'
import { webhooks } from '../../src/adapters/node.ts'
import { unauthenticated } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { Random } from '../../src/emulators/kit/random.ts'
import { emulateMomentum } from '../../src/emulators/momentum.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { momentum } from '../../src/providers/momentum/index.ts'

const costs = measuredCosts()
const MINUTE = 60_000

function planWith(changes: Partial<Plan>): Plan {
  const plan: Omit<Plan, 'lookMs'> = {
    ...{ seed: 1, sendMs: hours(0.2), receivers: 2, databases: 2, costs, handlerMs: 0, failures: [] },
    senders: [
      { kind: 'momentum', eventsPerSecond: 400 },
      { kind: 'mailjet', eventsPerSecond: 50 },
    ],
    ...changes,
  }
  return { ...plan, lookMs: lookFor(plan), ...changes }
}

it('gives the same for the same seed, and something else for another', async () => {
  const failures = randomFailures(4, planWith({}), new Random(5).next)
  const [one, same, other] = [7, 7, 8].map((seed) => simulate(planWith({ seed, failures })))
  expect(await same).toEqual(await one)
  expect(await other).not.toEqual(await one)
})

it.each(Array.from({ length: 12 }, (_, seed) => seed))('has every event in one place, seed %s', async (seed) => {
  const random = new Random(seed)
  const senders = Array.from({ length: random.integer(1, 4) }, () => ({
    kind: random.pick<Kind>(['momentum', 'mailjet']),
    eventsPerSecond: random.integer(1, 600),
  }))
  const sizes = { receivers: random.integer(1, 3), databases: random.integer(1, 4), sendMs: hours(0.05) }
  const failures = randomFailures(random.integer(0, 6), sizes, random.next)
  const [longer] = randomFailures(1, sizes, random.next)
  if (longer && random.chance(0.5)) failures.push({ ...longer, toMs: longer.fromMs + random.integer(60, 300) * MINUTE })
  // Looked at while it is under way, too.
  const lookMs = random.integer(1, 40) * MINUTE
  for (const more of [{}, { lookMs }]) {
    const plan = planWith({ ...sizes, seed, senders, failures, handlerMs: random.chance(0.3) ? 0.5 : 0, ...more })
    const { sent, handled, waitingAtSenders, waitingInDatabases, lost, ...rest } = await simulate(plan)
    expect(handled + waitingAtSenders + waitingInDatabases + lost).toBe(sent)
    expect(Math.min(handled, waitingAtSenders, waitingInDatabases, lost)).toBeGreaterThanOrEqual(0)
    expect(rest.acknowledged + rest.repeated).toBeLessThanOrEqual(rest.posts + rest.repeated)
    const longest = Math.max(0, ...failures.map(({ fromMs, toMs }) => toMs - fromMs))
    // Momentum repeats for four hours, Mailjet for a day.
    if (longest < hours(3) && failures.length < 4) expect(lost).toBe(0)
  }
})

it('loses nothing before the limit of the senders, and what is older after it', async () => {
  const away = (minutes: number) => [{ what: 'database', at: 0, fromMs: 0, toMs: minutes * MINUTE }] as const
  const senders = [{ kind: 'momentum', eventsPerSecond: 100 }] as const
  const [before, after] = [
    await simulate(planWith({ databases: 1, senders, failures: away(225) })),
    await simulate(planWith({ databases: 1, senders, failures: away(270) })),
  ]
  expect(before).toMatchObject({ lost: 0, waitingAtSenders: 0, handled: before.sent })
  expect(after.lost).toBeGreaterThan(0)
  expect(after.lost + after.handled).toBe(after.sent)
  const mailjet = [{ kind: 'mailjet', eventsPerSecond: 2 }] as const
  const day = planWith({ databases: 1, senders: mailjet, sendMs: 20_000, failures: away(1_430) })
  expect(await simulate(day)).toMatchObject({ lost: 0, waitingAtSenders: 0 })
})

it.each([
  ['each time', 0],
  ['at its last try', 230],
])('has what was stored too late for its sender once, %s', async (_when, minutes) => {
  const failures = [{ what: 'database', at: 0, fromMs: 0, toMs: minutes * MINUTE }] as const
  const senders = [{ kind: 'momentum', eventsPerSecond: 100 }] as const
  // A batch of 3 000 takes longer than the 6 s that its sender waits.
  const slow = { ...costs, storeMs: 5 }
  const plan = planWith({ receivers: 1, databases: 1, senders, failures, costs: slow, sendMs: 60_000 })
  const { sent, handled, lost, waitingAtSenders, acknowledged } = await simulate(plan)
  expect({ handled, lost, waitingAtSenders, acknowledged }).toEqual({
    ...{ handled: sent, lost: 0, waitingAtSenders: 0, acknowledged: 0 },
  })
})

it('has the deliveries of a database that is away wait, and nobody else’s', async () => {
  const failures = [{ what: 'database', at: 1, fromMs: 0, toMs: hours(0.5) }] as const
  const { sent, handled, waitingAtSenders } = await simulate(planWith({ failures, lookMs: hours(0.25) }))
  expect(handled + waitingAtSenders).toBe(sent)
  expect(handled / sent).toBeGreaterThan(0.4)
  expect(handled / sent).toBeLessThan(0.6)
})

it('is as fast as what the bench has measured', async () => {
  const senders = Array.from({ length: 4 }, () => ({ kind: 'momentum', eventsPerSecond: 100_000 }) as const)
  const lookMs = 60_000
  const { acknowledged, ack } = await simulate(
    planWith({ receivers: 1, databases: 1, senders, sendMs: lookMs, lookMs }),
  )
  const bench = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/performance.json'), 'utf8'))
  const measured = (measure: string): number[] =>
    bench.scenarios
      .find(({ name }: { name: string }) => name === 'acks')
      .measures.find(
        (one: { subject: string; measure: string }) =>
          one.subject === 'posthorn node sqlite' && one.measure === measure,
      )
      .rounds.toSorted((a: number, b: number) => a - b)
  const perSecond = acknowledged / 60
  // Its senders begin within half a minute.
  expect(perSecond / (measured('posts')[1] ?? 0)).toBeGreaterThan(0.5)
  expect(perSecond / (measured('posts')[1] ?? 0)).toBeLessThan(1.1)
  expect(ack.p50 / (measured('ack p50')[1] ?? 0)).toBeGreaterThan(0.5)
  expect(ack.p50 / (measured('ack p50')[1] ?? 0)).toBeLessThan(2)
})

it('posts, repeats and loses as an emulated Momentum does at a real receiver that was away', {
  timeout: 60_000,
}, async () => {
  // It sends for half an hour: what it posts first before minute 20 is given up before the receiver is back.
  const [sends, from, minutes, until] = [30, 10, 250, 300]
  const receiver = createReceiver({
    inbox: memory(),
    sources: { shop: momentum({ auth: unauthenticated() }) },
    logger: false,
  })
  const handled = new Set<string>()
  receiver.on('*', ({ id }) => void handled.add(id))
  await receiver.start()
  let isAway = false
  const take = webhooks(receiver)
  const server = createServer((request, response) => {
    if (isAway) response.writeHead(503).end()
    else take(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}/shop`
  const emulated = emulateMomentum({ seed: 3, webhooks: [{ name: 'shop', target, events: ['injection'] }] as never })
  await emulated.listen()
  emulated.traffic({ messages: sends * 30, perSecond: 0.5 })
  await emulated.advance(`${from}m`)
  isAway = true
  await emulated.advance(`${minutes}m`)
  isAway = false
  await emulated.advance(`${until - from - minutes}m`)
  const { posts, repeated, acknowledged, gaveUp } = emulated.report()
  await receiver.drain()
  const failures = [{ what: 'database', at: 0, fromMs: from * MINUTE, toMs: (from + minutes) * MINUTE }] as const
  const senders = [{ kind: 'momentum', eventsPerSecond: 0.5 }] as const
  const sendMs = sends * MINUTE
  const simulated = await simulate(
    planWith({ receivers: 1, databases: 1, senders, failures, sendMs, lookMs: until * MINUTE }),
  )
  const lostBatches = simulated.posts - simulated.repeated - simulated.acknowledged
  const isNear = (one: number, other: number) => Math.abs(one - other) <= 0.1 * Math.max(one, other) + 4
  const found = { posts, repeated, acknowledged, lost: gaveUp.batches }
  const of = {
    posts: simulated.posts,
    repeated: simulated.repeated,
    acknowledged: simulated.acknowledged,
    lost: lostBatches,
  }
  for (const key of ['posts', 'repeated', 'acknowledged', 'lost'] as const)
    expect(isNear(found[key], of[key]), `${key}: ${JSON.stringify({ found, of })}`).toBe(true)
  expect(gaveUp.batches).toBeGreaterThan(0)
  await emulated.close()
  await receiver.close()
  server.close()
  server.closeAllConnections()
})

it('has the most that waited in its curves, and no time where nothing was answered', async () => {
  const failures = [{ what: 'database', at: 0, fromMs: 120_000, toMs: 480_000 }] as const
  const senders = [{ kind: 'momentum', eventsPerSecond: 400 }] as const
  const outcome = await simulate(planWith({ databases: 1, senders, failures }))
  const { most, points } = outcome
  expect(Math.max(...points.map(({ atSenders }) => atSenders))).toBe(most.atSenders)
  expect(Math.max(...points.map(({ inDatabases }) => inDatabases))).toBe(most.inDatabases)
  const plot = asPlots(outcome).get('ack-p99-over-minutes.svg') ?? ''
  const answered = points.filter(({ ackP99 }) => ackP99 > 0).length
  expect(answered).toBeLessThan(points.length)
  // A dot for each, of two arcs.
  expect(plot.match(/A1 1 0 /g)?.length).toBe(2 * answered)
})

it('says what docs/scaling.md shows', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/scaling.md'), 'utf8')
  const command = /^npm run simulate -- (.+)$/m.exec(text)?.[1] ?? ''
  const shown = /```text\n([\s\S]+?)```/.exec(text)?.[1] ?? ''
  const program = join(import.meta.dirname, '../../bench/simulate/main.ts')
  const { stdout } = spawnSync(process.execPath, [program, ...command.split(' ')], { encoding: 'utf8' })
  expect(stdout).toContain(shown)
}, 60_000)

it('is a program that says what came of it, writes its curves, and refuses what it does not know', {
  timeout: 60_000,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-simulate-'))
  const program = join(import.meta.dirname, '../../bench/simulate/main.ts')
  const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' })
  const { stdout } = run(...'--hours 0.1 --momentum 1 --mailjet 1 --away database:1:2:5 --out'.split(' '), folder)
  expect(stdout).toMatch(/^lost at senders, after their limit +0$/m)
  expect(stdout).toMatch(/^away +database 1 from minute 2 for 5 min$/m)
  expect(readdirSync(folder).sort()).toEqual(['ack-p99-over-minutes.svg', 'events-waiting-over-minutes.svg'])
  expect(run('--away', 'database:9:1:1').status).not.toBe(0)
  rmSync(folder, { recursive: true })
})

it.each([
  ['--hours', 'x'],
  ['--hours', ''],
  ['--momentum', '1.5'],
  ['--receivers', '0'],
  ['--momentum', '0', '--mailjet', '0'],
  ['--away', 'disk:0:1:1'],
  ['--away', 'database:9:1:1'],
  ['--seed'],
  ['--shards', '2'],
  ['extra'],
  ['--out', import.meta.filename],
  ['--out', '/proc/x'],
  ['--out', '/proc'],
  ['--out', ''],
  ['--mailjet', '1000', '--hours', '240'],
  ['--momentum', '1000', '--mailjet', '0', '--rate', '100000'],
])('refuses %s %s in a line', { timeout: 60_000 }, (...args) => {
  const program = join(import.meta.dirname, '../../bench/simulate/main.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  expect(status).toBe(2)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/^simulate: .+\nnpm run simulate -- --help\n$/s)
  expect(stderr).not.toMatch(/^ {4}at /m)
})
