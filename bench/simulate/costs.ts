/** What a post, an event and a commit take, as the bench has measured them (docs/performance.json). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunResult } from '../harness/results.ts'
import { spreadOf } from '../harness/stats.ts'

/** In ms. One after the other in one process, but for `waitMs`, which passes beside the work on others. */
export interface Costs {
  /** Of each post, whatever is in it. */
  readonly postMs: number
  /** Of each event in it, until it is stored. */
  readonly storeMs: number
  /** Of each event until it is handled, storing included. */
  readonly handleMs: number
  /** Of each post: the commit that it waits for, with others. */
  readonly waitMs: number
}

const BENCH = join(import.meta.dirname, '../../docs/performance.json')
const LARGE = 10_000

/**
 * Straight lines through what was measured: posts of one event and of 10 000, with a handler beside them, and one connection
 * that posts one event after the other.
 */
export function measuredCosts(path = BENCH): Costs {
  const run = JSON.parse(readFileSync(path, 'utf8')) as RunResult
  const median = (scenario: string, measure: string, setting: string, at?: number) => {
    const found = run.scenarios
      .find(({ name }) => name === scenario)
      ?.measures.find(
        (one) => one.subject === SUBJECT && one.measure === measure && one.setting.startsWith(setting) && one.at === at,
      )
    if (found === undefined) throw new Error(`${path} has no ${measure} of ${SUBJECT} in ${scenario}, ${setting}`)
    return spreadOf(found.rounds).median
  }
  const one = 1_000 / median('posts', 'posts', 'momentum')
  const large = 1_000 / median('acks', 'posts', `momentum, ${LARGE} events`)
  const alone = 1_000 / median('growth', 'posts over connections', '', 1)
  const storeMs = (large - one) / (LARGE - 1)
  const postMs = one - storeMs
  return { postMs, storeMs, handleMs: 1_000 / median('throughput', 'events', 'momentum'), waitMs: alone - one }
}

const SUBJECT = 'posthorn node sqlite'
