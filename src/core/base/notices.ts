/**
 * The throttle in front of every logger: the first of a kind at once, then a count a minute, which belongs to no request.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '../../ports/clock.ts'
import type { LogFacts, Logger } from '../../types.ts'
import type { Level } from './logger.ts'

export interface Notices {
  /** `kind` groups what is throttled together; it is not shown. */
  (kind: string, level: Level, message: string, facts: LogFacts): void
  /** Writes what was counted and not yet said. */
  flush(): void
}

const EVERY_MS = 60_000

interface Tally {
  count: number
  say: () => void
}

export function createNotices(logger: Logger, clock: Clock): Notices {
  const tallies = new Map<string, Tally>()
  const home = AsyncLocalStorage.snapshot()
  const repeatLater = (kind: string) => clock.after(EVERY_MS, () => home(repeat, kind))
  const repeat = (kind: string) => {
    const tally = tallies.get(kind)
    if (tally === undefined || tally.count === 0) return void tallies.delete(kind)
    tally.say()
    tally.count = 0
    repeatLater(kind)
  }
  const notice = (kind: string, level: Level, message: string, facts: LogFacts) => {
    const tally = tallies.get(kind)
    if (tally === undefined) {
      tallies.set(kind, { count: 0, say: () => {} })
      repeatLater(kind)
      return logger[level](facts, message)
    }
    tally.count++
    tally.say = () => logger[level]({ ...facts, times: tally.count }, message)
  }
  const flush = () => {
    for (const tally of tallies.values()) if (tally.count > 0) home(tally.say)
    tallies.clear()
  }
  return Object.assign(notice, { flush })
}
