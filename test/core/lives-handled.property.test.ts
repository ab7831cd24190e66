/**
 * Random lives with `ack: 'handled'`: several deliveries at once, each posted again until it is answered 200, while
 * handlers fail or kill their process. What was answered 200 has come to its end with every handler.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { HANDLERS, Host, type Posted, Posts, type Wanted, World } from '../support/lives.ts'
import { failuresOf, lostOf, wanted } from '../support/lives-ends.ts'
import { send } from '../support/neutral.ts'

interface Step {
  readonly do: 'post' | 'wait' | 'crash' | 'restart'
  /** Of a post: one for each body that is sent at the same time. */
  readonly bodies: readonly (readonly Wanted[])[]
  readonly ms: number
}

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.oneof(
    { weight: 3, arbitrary: fc.constant('post' as const) },
    { weight: 2, arbitrary: fc.constantFrom('wait' as const, 'crash' as const, 'restart' as const) },
  ),
  bodies: fc.array(fc.array(wanted, { minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 3 }),
  ms: fc.constantFrom(0, 1, 300, 5_000, 60_000),
})

/** Posts several deliveries at once, and each again after a second. */
class Sender {
  readonly posts: Posts
  readonly #world: World
  readonly #host: Host

  constructor(world: World, host: Host) {
    this.posts = new Posts(world)
    this.#world = world
    this.#host = host
  }

  /** Resolves when all are answered 200. */
  async post(bodies: Step['bodies']): Promise<void> {
    let open = bodies.length
    const failures: unknown[] = []
    for (const events of bodies)
      this.#deliver(this.posts.add(events)).then(
        () => open--,
        (error: unknown) => failures.push(error),
      )
    for (let turn = 0; open > 0 && turn < 2_000 && failures.length === 0; turn++) await this.#world.clock.advance(500)
    expect({ open, failures }).toEqual({ open: 0, failures: [] })
  }

  async #deliver(posted: Posted): Promise<void> {
    for (;;) {
      const answer = await this.#host.ask((receiver) => send(receiver, { body: posted.body }))
      if (answer?.status === 200) return this.posts.answered(posted, answer.json.id)
      if (answer !== null) expect(answer.status).toBe(503)
      await new Promise<void>((resolve) => void this.#world.clock.after(1_000, resolve))
    }
  }
}

async function live(steps: readonly Step[]): Promise<void> {
  const world = new World()
  const host = new Host(world, { ack: 'handled' })
  const sender = new Sender(world, host)
  for (const { do: what, bodies, ms } of steps) {
    if (what === 'wait') await world.clock.advance(ms)
    if (what === 'crash') host.crash()
    if (what === 'restart') await host.close()
    if (what === 'post') await sender.post(bodies)
  }
  const failed = await failuresOf(host, sender.posts)
  const pending = (await host.ask(({ inbox }) => inbox.stats()))?.pending
  await host.close()
  expect(lostOf(world, sender.posts, failed, HANDLERS)).toEqual([])
  expect(pending).toBe(0)
}

const { POSTHORN_RUNS: runs = '60', POSTHORN_SEED: seed } = process.env

it('what was answered has come to its end with every handler, whatever happens', { timeout: 600_000 }, async () => {
  const lives = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), live)
  await fc.assert(lives, { numRuns: Number(runs), ...(seed === undefined ? {} : { seed: Number(seed) }) })
})
