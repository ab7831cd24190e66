/** The findings, each a rule over what was seen. Formulas that an operator can check by hand; limits can be set. */
import { SHARES, type Situation } from './seen.ts'

/** What can be found, in the order in which it is told. `docs/alerts.md` has a runbook for each. */
export const FINDINGS = [
  'storage_refuses',
  'disk_low',
  'backlog_old',
  'sender_silent',
  'senders_leave',
  'answers_near_limit',
  'credentials_refused',
  'handler_paused',
  'dead_letters',
  'quarantine',
  'repeats_storm',
  'old_credential',
  'unknown_type',
  'late_events',
  'clock_off',
] as const

export type FindingId = (typeof FINDINGS)[number]

/** What a process finds of itself, its machine and its secrets; the others every process finds alike. */
export const ITS_OWN: ReadonlySet<FindingId> = new Set(['storage_refuses', 'disk_low', 'old_credential'])

export interface Found {
  readonly id: FindingId
  /** The source or the handler; null: the receiver. */
  readonly about: string | null
  /** `act`: somebody is to be woken; `look`: it can wait for the morning. */
  readonly severity: 'look' | 'act'
  /** A sentence, without an address. */
  readonly text: string
}

export interface Limits {
  /** By source: for how long it may be silent. Absent: as its own last day says. */
  readonly silence: ReadonlyMap<string, number>
  readonly backlogMs: number
  /** Share of the disk. */
  readonly diskFree: number
  /** Those that are not looked for. */
  readonly off: ReadonlySet<FindingId>
}

type Rule = (seen: Situation, limits: Limits) => readonly Omit<Found, 'id'>[]

/** Of fewer deliveries, or events, a share says nothing. */
const ENOUGH = 20
const [MINUTE_MS, DAY_MS] = [60_000, 86_400_000]
/** Requests in ten minutes. */
const MOST_REFUSED = 100

const RULES: Readonly<Record<FindingId, Rule>> = {
  storage_refuses: ({ health, door }) =>
    health.ready || !door.takesDeliveries
      ? []
      : [whole('act', `deliveries are answered 503: ${health.reason ?? 'the inbox says no more'}`)],
  disk_low: ({ diskFree }, limits) =>
    diskFree === null || diskFree >= limits.diskFree
      ? []
      : [whole('act', `${percent(diskFree)} of the disk of the inbox is free`)],
  backlog_old({ stats, time }, { backlogMs }) {
    const at = stats?.oldestPendingAt ?? null
    const age = at === null ? 0 : time.age(at)
    if (age <= backlogMs) return []
    return [whole('act', `the oldest of ${stats?.pending} deliveries with work left waits for ${span(age)}`)]
  },
  sender_silent: (seen, limits) => sources(seen, (source) => silent(seen, limits, source)),
  senders_leave: (seen) =>
    sources(seen, (source) => {
      const left = count(seen, `left:${source}`, 15)
      // Of one that left before its body was complete nothing was received.
      const all = Math.max(left, received(seen, source, 15))
      if (all < ENOUGH || left / all <= 0.05) return null
      return one('act', source, `${percent(left / all)} of the senders of "${source}" hung up in 15 minutes`)
    }),
  answers_near_limit: (seen) =>
    sources(seen, (source) => {
      const all = received(seen, source, 15)
      const over = (share: number) => all >= ENOUGH && count(seen, `over${share}:${source}`, 15) > all / 100
      const share = [...SHARES].reverse().find(over)
      if (share === undefined) return null
      const text = `1 % of the answers to "${source}" took over ${percent(share)} of the time its sender waits`
      return one(share === SHARES[1] ? 'act' : 'look', source, text)
    }),
  credentials_refused: (seen) =>
    sources(seen, (source) => {
      const refused = count(seen, `turned:${source}`, 10)
      if (refused <= MOST_REFUSED) return null
      return one('look', source, `${refused} requests to "${source}" were not let in in 10 minutes`)
    }),
  handler_paused: ({ stats }) =>
    (stats?.paused ?? [])
      .filter(({ by }) => by === 'failures')
      .map(({ handler }) => one('look', handler, `handler "${handler}" only fails and is paused`)),
  dead_letters: (seen) =>
    seen.window.keys('dead:', 15, seen.now).map((handler) => {
      const dead = count(seen, `dead:${handler}`, 15)
      return one('look', handler, `handler "${handler}" failed ${dead} events for good in 15 minutes`)
    }),
  quarantine: (seen) =>
    seen.window.keys('quarantined:', 15, seen.now).map((source) => {
      const items = count(seen, `quarantined:${source}`, 15)
      return one('look', source, `${items} items from "${source}" went to quarantine in 15 minutes`)
    }),
  repeats_storm: (seen) =>
    sources(seen, (source) => {
      const [again, all] = [count(seen, `duplicate:${source}`, 60), received(seen, source, 60)]
      if (all < ENOUGH || again / all <= 0.05) return null
      const text = `${percent(again / all)} of the deliveries to "${source}" in an hour were repeats`
      return one(again / all > 0.2 ? 'act' : 'look', source, text)
    }),
  old_credential: ({ door, time }) =>
    Object.entries(door.credentials()).flatMap(([source, uses]) =>
      uses
        .filter(({ isLater, lastUsedAt }) => isLater && lastUsedAt !== null && time.age(lastUsedAt.getTime()) < DAY_MS)
        .map(({ label }) =>
          one('look', source, `"${source}" was posted to with its credential "${label}" within a day`),
        ),
    ),
  unknown_type: (seen) =>
    sources(seen, (source) => {
      const unknown = count(seen, `unknown:${source}`, 60)
      return unknown === 0 ? null : one('look', source, `${unknown} events of unknown types came to "${source}"`)
    }),
  late_events: (seen) =>
    sources(seen, (source) => {
      const share = shareOf(seen, 'late', source)
      if (share <= 0.1) return null
      return one('look', source, `${percent(share)} of the events of "${source}" came over 10 minutes late`)
    }),
  clock_off: (seen) =>
    sources(seen, (source) => {
      const share = shareOf(seen, 'ahead', source)
      if (share <= 0.5) return null
      return one('look', source, `events of "${source}" come from over a minute ahead: one of the clocks is off`)
    }),
}

export function findAll(seen: Situation, limits: Limits): Found[] {
  const wanted = FINDINGS.filter((id) => !limits.off.has(id))
  return wanted.flatMap((id) => RULES[id](seen, limits).map((found) => ({ id, ...found })))
}

/**
 * Usual gap = 1 440 / minutes with a delivery in the day before the last of them. `look` at silence over 10 gaps and 10 minutes, `act` over
 * 30 of each; no verdict below 24 such minutes.
 */
function silent(seen: Situation, { silence }: Limits, source: string) {
  const silentMs = silentFor(seen, source)
  const set = silence.get(source)
  const text = `nothing came to "${source}" for ${span(silentMs)}`
  if (set !== undefined) return silentMs > set ? one('act', source, text) : null
  const gap = seen.activity.usualGapMs(source)
  if (gap === null) return null
  const over = (many: number) => silentMs > Math.max(many * MINUTE_MS, many * gap)
  if (!over(10)) return null
  return one(over(30) ? 'act' : 'look', source, `${text}; usual is a gap of ${span(gap)}`)
}

/** Since its last delivery, of which the inbox knows too where it was to an earlier process; of none, since it is watched. */
function silentFor({ activity, now, time, door }: Situation, source: string): number {
  const [last, before] = [activity.lastAt(source), door.lastBefore(source)]
  const spans = [last === null ? -1 : now - last, before === null ? -1 : time.age(before)]
  // Below 0: a clock was wrong when it was written down.
  const known = spans.filter((ms) => ms >= 0)
  return known.length > 0 ? Math.min(...known) : now - (activity.since(source) ?? now)
}

const count = ({ window, now }: Situation, key: string, minutes: number) => window.sum(key, minutes, now)

const received = (seen: Situation, source: string, minutes: number) =>
  count(seen, `accepted:${source}`, minutes) + count(seen, `duplicate:${source}`, minutes)

/** Of the events of the last hour. */
function shareOf(seen: Situation, what: string, source: string): number {
  const all = count(seen, `read:${source}`, 60)
  return all < ENOUGH ? 0 : count(seen, `${what}:${source}`, 60) / all
}

function sources<T>({ door }: Situation, find: (source: string) => T | null): T[] {
  return [...door.sources.keys()].flatMap((source) => find(source) ?? [])
}

const one = (severity: Found['severity'], about: string, text: string) => ({ severity, about, text })
const whole = (severity: Found['severity'], text: string) => ({ severity, about: null, text })
const percent = (share: number) => `${Math.round(share * 100)} %`

function span(ms: number): string {
  const minutes = Math.round(ms / MINUTE_MS)
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}
