/** What all who watch an inbox know together, for those who look at it and tell nobody: pages. */
import type { WatchDoor } from '../ports/watch-door.ts'
import { settingsOf } from './options.ts'
import { placeOf } from './place.ts'
import type { Limits } from './rules.ts'
import { runningOf } from './running.ts'
import { Shared } from './shared.ts'
import { PATIENCE_MS, within } from './within.ts'

export interface Known {
  /** Those of the alerts in this process; of processes without any, the defaults. */
  readonly limits: readonly Limits[]
  /** As the alerts have stored it: by those of this process, else by those of others that have no name of their own. */
  readonly shared: readonly Shared[]
}

/** Never rejects: what cannot be read is left out. */
export async function known(door: WatchDoor): Promise<Known> {
  const own = runningOf(door)
  const all = own.length > 0 ? own : [settingsOf({ notify: () => {} }, door.sources)]
  const read = all.map(async ({ name, state }) => {
    const place = placeOf(door.memos, state, name, (run) => within(door, PATIENCE_MS, run))
    const memo = await place.read().catch(() => null)
    return memo === null ? [] : [Shared.parse(memo.text)]
  })
  return { limits: all.map(({ limits }) => limits), shared: (await Promise.all(read)).flat() }
}
