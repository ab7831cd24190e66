/** One fault, round after round until its share of the time is over, and a line for the report of what it found. */
import { appendFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { newSeed, type Random, seeded } from '../faults/harness/random.ts'
import { lackingOf, type Need } from '../faults/harness/tools.ts'

export type Figures = Record<string, number | string>

export interface Fault {
  /** Its number in the catalogue. */
  readonly id: string
  readonly what: string
  /** Round after round; each may go on until `isOver`. */
  readonly injected: string
  /** What holds when no round finds a fault. */
  readonly held: string
  readonly needs?: readonly Need[]
  /** Share of the time in minutes, of a whole run of `WHOLE_MINUTES`. */
  readonly minutes: number
  /** Default: as many as there is time for, at least one. */
  readonly rounds?: number
  /** Answers what is wrong, and adds to the figures. */
  round(round: Round): Promise<readonly string[]>
}

export interface Round {
  readonly random: Random
  /** From 0. */
  readonly number: number
  readonly figures: Figures
  readonly isOver: () => boolean
}

export interface Line {
  readonly id: string
  readonly what: string
  readonly injected: string
  readonly held: string
  /** What is missing on this machine; then nothing was run. */
  readonly lacking: readonly string[]
  /** When it was begun, as ISO 8601, and with which seed. */
  readonly at: string
  readonly seed: number
  readonly rounds: number
  readonly seconds: number
  readonly faults: readonly string[]
  readonly figures: Figures
}

export const WHOLE_MINUTES = 25
const MOST_FAULTS = 20

const minutes = Number(process.env.POSTHORN_SOAK_MINUTES ?? WHOLE_MINUTES)
export const seed = newSeed()

/** A test of its own; told in the report whatever comes of it. */
export function soak(fault: Fault): void {
  const share = (fault.minutes * minutes) / WHOLE_MINUTES
  const lacking = lackingOf(fault.needs ?? [])
  it(
    `${fault.id}: ${fault.what}`,
    async ({ skip }) => {
      const at = new Date().toISOString()
      const line = lacking.length > 0 ? { rounds: 0, seconds: 0, faults: [], figures: {} } : await run(fault, share)
      const { id, what, injected, held } = fault
      tell({ id, what, injected, held, lacking, at, seed, ...line })
      if (lacking.length > 0) skip(`for lack of ${lacking.join(', ')}`)
      expect(line.faults, `POSTHORN_SEED=${seed}`).toEqual([])
    },
    (share * 3 + 10) * 60_000,
  )
}

async function run(fault: Fault, share: number): Promise<Pick<Line, 'rounds' | 'seconds' | 'faults' | 'figures'>> {
  const random = seeded(seed)
  const start = performance.now()
  const isOver = () => performance.now() - start > share * 60_000
  const [faults, figures]: [string[], Figures] = [[], {}]
  let number = 0
  do faults.push(...(await attempt(fault, { random, number, figures, isOver })))
  while (++number < (fault.rounds ?? Number.POSITIVE_INFINITY) && !isOver() && faults.length < MOST_FAULTS)
  return { rounds: number, seconds: Math.round((performance.now() - start) / 1_000), faults, figures }
}

async function attempt(fault: Fault, round: Round): Promise<readonly string[]> {
  try {
    return await fault.round(round)
  } catch (error) {
    return [`round ${round.number}: ${error instanceof Error ? error.message : String(error)}`]
  }
}

function tell(line: Line): void {
  const path = process.env.POSTHORN_SOAK_LINES
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(line)}\n`)
}

/** Adds to a figure. */
export function add(figures: Figures, name: string, more: number): void {
  figures[name] = Number(figures[name] ?? 0) + more
}

/** Keeps the largest. */
export function most(figures: Figures, name: string, value: number): void {
  figures[name] = Math.max(Number(figures[name] ?? 0), value)
}
