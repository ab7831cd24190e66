/** Counts by time, uses and actions over all shards. */
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { LastUse, LookPort, StoredAction, TallyRow } from '../../ports/inbox/look.ts'
import { outside } from './numbers.ts'
import type { Shards } from './shards.ts'

export function lookOf(shards: Shards): LookPort {
  return {
    async tallies(window) {
      const { answers } = await shards.look(async ({ look }) => (await look?.tallies(window)) ?? [])
      const sums = new Map<string, TallyRow>()
      for (const row of answers.flatMap(({ answer }) => answer)) {
        const key = JSON.stringify([row.at, row.source, row.word])
        const known = sums.get(key)
        sums.set(key, known === undefined ? row : { ...row, n: known.n + row.n, sum: known.sum + row.sum })
      }
      return [...sums.values()].sort((a, b) => a.at - b.at)
    },
    async seen() {
      const { answers } = await shards.look(async ({ look }) => (await look?.seen()) ?? [])
      const uses = new Map<string, LastUse>()
      for (const use of answers.flatMap(({ answer }) => answer)) {
        const key = JSON.stringify([use.source, use.credential])
        const known = uses.get(key)
        uses.set(key, known === undefined ? use : together(known, use))
      }
      return [...uses.values()]
    },
    observe: (observed) => inOneOf(shards, async ({ look }) => look?.observe(observed)),
    noteAction: (action) => inOneOf(shards, async ({ look }) => look?.noteAction(action)),
    async actions(limit) {
      const { answers } = await shards.look(async ({ look }) => (await look?.actions(limit)) ?? [])
      const all: StoredAction[] = answers.flatMap(({ place, answer }) =>
        answer.map((action) => ({ ...action, id: outside(place, action.id) })),
      )
      return all.sort((a, b) => b.at - a.at || b.id - a.id).slice(0, limit)
    },
  }
}

/** In the first shard that takes it: what is read is the sum of all. */
async function inOneOf(shards: Shards, write: (inbox: InboxPort) => Promise<void>): Promise<void> {
  shards.assertOpen()
  const asked = shards.up.length > 0 ? shards.up : shards.all
  for (const shard of asked)
    try {
      return await shard.ask(write)
    } catch (error) {
      if (shard === asked.at(-1)) throw error
    }
}

const together = (one: LastUse, other: LastUse): LastUse => ({
  ...one,
  firstAt: Math.min(one.firstAt, other.firstAt),
  lastAt: Math.max(one.lastAt, other.lastAt),
  count: one.count + other.count,
})
