/**
 * Random lives of a receiver whose source absorbs copies: handlers that are slow, fail, or take the process with them,
 * pauses, restarts, crashes, repeats. Whatever happens, every event comes to its end with every handler, and where no
 * process ended it comes there once. A failure prints its seed; POSTHORN_SEED repeats it, POSTHORN_RUNS asks for more.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inboxesInSchema } from '../inboxes/postgres/mortal.ts'
import { settled } from '../support/fake-clock.ts'
import { HANDLERS, Host, Sender, type Wanted, World } from '../support/lives.ts'
import { failuresOf, lostOf, wanted } from '../support/lives-ends.ts'
import { inboxesInMemory, type Kept } from '../support/mortal.ts'
import { programsOf, type Server, startServer } from '../support/postgres.ts'

interface Step {
  readonly do: 'post' | 'retry' | 'replay' | 'repeat' | 'wait' | 'restart' | 'crash' | 'pause' | 'resume'
  /** Of a post. */
  readonly events: readonly Wanted[]
  readonly ms: number
}

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.oneof(
    { weight: 8, arbitrary: fc.constant('post' as const) },
    { weight: 5, arbitrary: fc.constant('wait' as const) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        'repeat' as const,
        'retry' as const,
        'replay' as const,
        'restart' as const,
        'crash' as const,
        'pause' as const,
        'resume' as const,
      ),
    },
  ),
  events: fc.oneof(
    { weight: 4, arbitrary: fc.array(wanted, { minLength: 1, maxLength: 6 }) },
    { weight: 1, arbitrary: fc.array(wanted, { minLength: 1, maxLength: 150 }) },
  ),
  ms: fc.constantFrom(0, 1, 2, 300, 1_500, 5_000, 60_000, 7_200_000),
})

const post = (...ids: readonly string[]): Step => ({ do: 'post', events: ids.map((id) => ({ id, fates: [] })), ms: 0 })
const wait = (ms: number): Step => ({ do: 'wait', events: [], ms })
const pause: Step = { do: 'pause', events: [], ms: 0 }

/** What a paused handler was left came after a copy that was under way. */
const PAUSED: readonly Step[] = [pause, post('z', ''), wait(5_000), post('z', '')]

async function live(steps: readonly Step[], inboxOf: Kept): Promise<void> {
  const world = new World()
  const host = new Host(world, {}, inboxOf)
  const sender = new Sender(world, host)
  // A pause of a handler that no process has had is refused.
  await host.ask(async () => {})
  for (const { do: what, events, ms } of steps) {
    const handler = HANDLERS[ms % HANDLERS.length]!
    if (what === 'wait') await world.clock.advance(ms)
    if (what === 'pause') await host.ask((receiver) => receiver.inbox.pause(handler))
    if (what === 'resume') await host.ask((receiver) => receiver.inbox.resume(handler))
    if (what === 'retry') await host.ask((receiver) => receiver.inbox.retry({ all: true }))
    if (what === 'replay') await host.ask((receiver) => receiver.inbox.replay({ since: new Date(0), to: [handler] }))
    if (what === 'crash' || what === 'restart') host.keeps = ms !== 1
    if (what === 'crash') host.crash()
    if (what === 'restart') await host.close()
    if (what === 'repeat') await sender.repeat(ms)
    if (what === 'post') await sender.post(events)
    if (ms > 1_000) await settled()
  }
  const { restarts } = host
  const hasKept = !steps.some((one) => (one.do === 'crash' || one.do === 'restart') && one.ms === 1)
  if (!host.keeps) {
    await host.close()
    host.keeps = true
  }
  await comeToRest(world, host)
  const failed = await failuresOf(host, sender.posts)
  await host.close()
  expect(lostOf(world, sender.posts, failed, hasKept ? HANDLERS : ['each', 'batch'])).toEqual([])
  // What is retried has died before, and what died owns nothing.
  if (world.deaths === 0 && !steps.some((one) => one.do === 'retry')) assertOwned(world, sender, failed)
  if (world.deaths + restarts === 0)
    for (const names of world.done.values()) expect(new Set(names).size).toBe(names.length)
}

async function comeToRest({ clock }: World, host: Host): Promise<void> {
  let pending: number | undefined
  for (let round = 0; round < 600 && pending !== 0; round++) {
    for (const handler of HANDLERS) await host.ask((receiver) => receiver.inbox.resume(handler))
    await clock.advance(10_000)
    pending = (await host.ask((receiver) => receiver.inbox.stats()))?.pending
  }
  expect(pending).toBe(0)
}

/** Of events that are copies of each other those of one delivery alone were handed to anybody, unless one failed. */
function assertOwned({ done }: World, sender: Sender, failed: ReadonlyMap<number, readonly string[]>): void {
  const gaveUp = new Set([...failed.keys()].map((n) => sender.posts.ids[n]))
  const owners = new Map<string, Set<number>>()
  for (const [n, names] of done) {
    const id = sender.posts.ids[n] as string
    if (id === '' || names.length === 0 || gaveUp.has(id)) continue
    owners.set(id, (owners.get(id) ?? new Set()).add(sender.firstOf(n)))
  }
  for (const [id, firsts] of owners) expect([id, firsts.size]).toEqual([id, 1])
}

const { POSTHORN_RUNS, POSTHORN_SEED: seed } = process.env

let server: Server | null = null
beforeAll(async () => {
  if (programsOf() !== null) server = await startServer({ fsync: 'off' })
}, 60_000)
afterAll(() => server?.remove(), 60_000)

describe.each([
  ['memory', inboxesInMemory, 60, false],
  ['PostgreSQL', () => inboxesInSchema(server as Server), 4, programsOf() === null],
] as const)('over the %s inbox', (_name, newKept, own, lacksServer) => {
  it.skipIf(lacksServer)(
    'every event comes to its end with every handler, whatever happens',
    { timeout: 1_800_000 },
    async () => {
      const lives = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), (steps) => live(steps, newKept()))
      const numRuns = Number(POSTHORN_RUNS ?? own)
      const repeated = seed === undefined ? {} : { seed: Number(seed) }
      await fc.assert(lives, { numRuns, examples: [[[...PAUSED]]], ...repeated })
    },
  )
})
