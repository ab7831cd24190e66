/** Counts over time while processes are killed: what was stored, read, handled and repeated is in them once. */
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createReceiver } from '../../../src/core/receiver.ts'
import { postgres } from '../../../src/inboxes/postgres/index.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import { Child } from '../../support/child.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { toy } from '../../support/toy.ts'
import { newSchema } from './store.ts'

const script = join(import.meta.dirname, '../../support/postgres-child.ts')
const authorization = `Basic ${Buffer.from('mailjet:a-password-of-some-length').toString('base64')}`
const KILLS = 3

let server: Server
let children: Child[] = []
beforeAll(async () => {
  if (programsOf() !== null) server = await startServer({ fsync: 'off' })
}, 60_000)
afterAll(() => server?.remove(), 60_000)
afterEach(async () => {
  for (const child of children) await child.kill()
  children = []
})

async function post(child: Child, ids: readonly number[]): Promise<boolean> {
  const { port } = await child.line('port')
  const events = ids.map((id) => ({ event: 'open', time: 1_780_000_000, MessageID: id, email: 'jo@shop.example' }))
  const sent = fetch(`http://127.0.0.1:${port}/webhooks/news`, {
    ...{ method: 'POST', body: JSON.stringify(events), headers: { authorization } },
  })
  return sent.then(
    ({ ok }) => ok,
    () => false,
  )
}

it.skipIf(programsOf() === null)(
  'agree with what is stored, after kills of three processes that fold them meanwhile',
  { timeout: 180_000 },
  async () => {
    const schema = newSchema()
    const start = () => {
      const child = new Child(script, [server.url, schema, '1500', 'handle'])
      children.push(child)
      return child
    }
    const three = [start(), start(), start()]
    await Promise.all(three.map((child) => child.line('port')))
    const looking = createReceiver({
      inbox: postgres({ connectionString: server.url, schema, durability: 'relaxed' }),
      ...{ sources: { news: toy() }, role: 'control', logger: false },
    })
    await looking.start()
    let [id, answered, isOver] = [0, 0, false]
    const sender = async () => {
      while (!isOver) {
        const own = ++id
        // What was not answered, and every fifth, comes again, to another.
        for (let to = own, times = own % 5 === 0 ? 2 : 1; times > 0 && !isOver; to++)
          if (await post(three[to % 3]!, [own, own + 1_000_000])) {
            times--
            answered++
          } else await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
    const folder = async () => {
      while (!isOver) await looking.inbox.prune()
    }
    const running = [...Array.from({ length: 4 }, sender), folder()]
    const random = seededRandom(32)
    for (let kill = 0; kill < KILLS; kill++) {
      const least = answered + 5 + Math.floor(random() * 60)
      await expect.poll(() => answered, { timeout: 60_000, interval: 5 }).toBeGreaterThan(least)
      const at = Math.floor(random() * 3)
      await three[at]!.kill()
      three[at] = start()
      await three[at]!.line('port')
    }
    isOver = true
    await Promise.all(running)
    await expect.poll(async () => (await looking.inbox.stats()).pending, { timeout: 60_000 }).toBe(0)

    const tables = async (text: string) => Number((await server.run(text.replaceAll('@', `"${schema}".`)))[0]!.n)
    const stored = await tables('SELECT count(*) AS n FROM @delivery')
    const repeats = await tables('SELECT sum(duplicates) AS n FROM @key')
    const events = await tables('SELECT sum(events) AS n FROM @settled')
    const stats = await looking.inbox.stats()
    const counted = async () => {
      const counts: Record<string, number> = {}
      for await (const { word, count } of looking.inbox.tallies({ step: 'minute' }))
        counts[word] = (counts[word] ?? 0) + count
      return counts
    }
    const counts = await counted()
    expect(counts).toMatchObject({ in: stored, dup: repeats, 'ev:mailjet.open/opened': events })
    expect((counts['done:work'] ?? 0) + stats.quarantined).toBe(events)
    expect(stats).toMatchObject({ pending: 0, deadLetters: 0 })
    const [use] = await looking.inbox.seen()
    expect(use?.count).toBe(stored + repeats)
    await looking.inbox.prune()
    expect(await tables('SELECT (SELECT count(*) FROM @told) + (SELECT count(*) FROM @receipt) AS n')).toBe(0)
    expect(await counted()).toEqual(counts)
    await looking.close()
  },
)
