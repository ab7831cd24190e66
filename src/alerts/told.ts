/** Which findings are told when: as they begin, grow worse, every hour, and end. */
import { FINDINGS, type FindingId, type Found } from './rules.ts'

export interface Finding extends Found {
  /** `begun` also when it has become worse; `goes_on` once an hour. */
  readonly state: 'begun' | 'goes_on' | 'ended'
  /** When it was found first. */
  readonly since: Date
  /** What it means and what to do. */
  readonly runbook: string
}

interface Standing {
  readonly found: Found
  readonly since: number
  readonly toldAt: number
}

const HOUR_MS = 3_600_000

export class Told {
  #standing = new Map<string, Standing>()

  /** What is to be told now; `told` notes each that was. */
  due(all: readonly Found[], now: number): Finding[] {
    const found = new Map(all.map((one) => [keyOf(one), one]))
    const ended = [...this.#standing].filter(([key]) => !found.has(key))
    return [
      ...[...found].flatMap(([key, one]) => this.#dueOf(one, this.#standing.get(key), now) ?? []),
      ...ended.map(([, { found: one, since }]) => toFinding(one, 'ended', since)),
    ]
  }

  told({ state, since, runbook: _, ...found }: Finding, now: number): void {
    const key = keyOf(found)
    if (state === 'ended') this.#standing.delete(key)
    else this.#standing.set(key, { found, since: since.getTime(), toldAt: now })
  }

  /** The clock was set. */
  shift(ms: number): void {
    for (const [key, one] of this.#standing)
      this.#standing.set(key, { ...one, since: one.since + ms, toldAt: one.toldAt + ms })
  }

  /** What is later than now, by a clock that was wrong, is of now. */
  tidy(now: number): void {
    for (const [key, { found, since, toldAt }] of this.#standing)
      this.#standing.set(key, { found, since: Math.min(since, now), toldAt: Math.min(toldAt, now) })
  }

  /** As JSON. */
  save(): readonly Standing[] {
    return [...this.#standing.values()]
  }

  restore(saved: unknown): void {
    for (const one of Array.isArray(saved) ? saved : []) if (isStanding(one)) this.#standing.set(keyOf(one.found), one)
  }

  #dueOf(found: Found, before: Standing | undefined, now: number): Finding | null {
    if (before === undefined) return toFinding(found, 'begun', now)
    if (before.found.severity === 'look' && found.severity === 'act') return toFinding(found, 'begun', before.since)
    // Whoever was woken is told of the end, so it does not become less on the way.
    const { severity } = before.found
    return now - before.toldAt >= HOUR_MS ? toFinding({ ...found, severity }, 'goes_on', before.since) : null
  }
}

export const keyOf = ({ id, about }: Found): string => `${id} ${about ?? ''}`

function toFinding(found: Found, state: Finding['state'], since: number): Finding {
  return { ...found, state, since: new Date(since), runbook: `docs/alerts.md#${found.id}` }
}

function isStanding(one: unknown): one is Standing {
  const { found, since, toldAt } = Object(one) as Partial<Record<keyof Standing, unknown>>
  return isFound(found) && Number.isFinite(since) && Number.isFinite(toldAt)
}

export function isFound(one: unknown): one is Found {
  const { id, about, severity, text } = Object(one) as Partial<Record<keyof Found, unknown>>
  const isAbout = about === null || typeof about === 'string'
  const isKnown = FINDINGS.includes(id as FindingId) && (severity === 'look' || severity === 'act')
  return isKnown && isAbout && typeof text === 'string'
}
