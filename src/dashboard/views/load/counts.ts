/** Counts over time as the views use them; each reading is shared for a moment, since many may look. */
import { watchDoor } from '../../../lib/symbols.ts'
import type { TallyCount } from '../../../public/look.ts'
import type { ViewRequest } from '../../types.ts'
import { allOf, orNull, type Range } from './loading.ts'

type Step = 'minute' | 'hour' | 'day'
type Looks = Pick<ViewRequest, 'receiver' | 'now'>

const MINUTE_MS = 60_000
export const STEP_MS: Readonly<Record<Step, number>> = { minute: MINUTE_MS, hour: 3_600_000, day: 86_400_000 }
/** Minutes are read at each look, hours and days change slowly. */
const SHARED_MS: Readonly<Record<Step, number>> = { minute: 1_000, hour: 30_000, day: 300_000 }

/** What is over does not change, but for what another process tells late: then it is read again as a whole. */
const WHOLE_MS = 30_000

interface Kept {
  readonly at: number
  /** When all of it was read. */
  readonly wholeAt: number
  readonly counts: Promise<readonly TallyCount[] | null>
}

/** By the door of the receiver, which is the same for all who look. */
const kept = new WeakMap<object, Map<string, Kept>>()

/** Of so many steps until now, of all words or of some; null where the inbox keeps none. */
export function countsOf(
  { receiver, now }: Looks,
  step: Step,
  steps: number,
  words: readonly string[] = [],
): Promise<readonly TallyCount[] | null> {
  const own = ownOf(receiver[watchDoor].sources)
  const key = `${step} ${steps} ${words.join()}`
  const before = own.get(key)
  const at = now.getTime()
  if (before !== undefined && Math.abs(at - before.at) < SHARED_MS[step]) return before.counts
  const begin = Math.floor(at / STEP_MS[step]) * STEP_MS[step] - (steps - 1) * STEP_MS[step]
  const read = (since: number) =>
    orNull(async () => {
      const filter = { step, since: new Date(since), until: new Date(at + 1), ...(words.length === 0 ? {} : { words }) }
      return await allOf(receiver.inbox.tallies(filter))
    })
  const isNear = before !== undefined && at >= before.at && at - before.wholeAt < WHOLE_MS
  const counts = isNear ? goneOn(before, begin, STEP_MS[step], read) : read(begin)
  own.set(key, { at, wholeAt: isNear ? before.wholeAt : at, counts })
  counts.catch(() => own.delete(key))
  return counts
}

/** Reads from the step before the one in which it was read last. */
async function goneOn(
  { at, counts }: Kept,
  begin: number,
  size: number,
  read: (since: number) => Promise<readonly TallyCount[] | null>,
): Promise<readonly TallyCount[] | null> {
  const from = Math.max(begin, (Math.floor(at / size) - 1) * size)
  const [before, since] = await Promise.all([counts, read(from)])
  if (before === null || since === null) return since
  return [...before.filter((one) => one.at.getTime() >= begin && one.at.getTime() < from), ...since]
}

function ownOf(receiver: object): Map<string, Kept> {
  const own = kept.get(receiver) ?? new Map<string, Kept>()
  kept.set(receiver, own)
  return own
}

export function sumOf(
  counts: readonly TallyCount[],
  word: string,
  where: Partial<Pick<TallyCount, 'source'>> = {},
): number {
  return counts.reduce(
    (sum, one) =>
      isOf(one.word, word) && (where.source === undefined || where.source === one.source) ? sum + one.count : sum,
    0,
  )
}

/** The word, or a word of its kind. */
export const isOf = (one: string, word: string): boolean => one === word || one.startsWith(`${word}:`)

/** How often in each step, oldest first. */
export function perStep(
  counts: readonly TallyCount[],
  word: string,
  { now }: Pick<ViewRequest, 'now'>,
  step: Step,
  steps: number,
): number[] {
  const last = Math.floor(now.getTime() / STEP_MS[step])
  const values = new Array<number>(steps).fill(0)
  for (const one of counts) {
    const i = steps - 1 - (last - Math.floor(one.at.getTime() / STEP_MS[step]))
    if (isOf(one.word, word) && i >= 0 && i < steps) values[i] = (values[i] ?? 0) + one.count
  }
  return values
}

/** A step for each range of which there are some dozens; what a step gathers, where one of the inbox would be too many. */
const CHARTS: Readonly<Record<Range, { readonly step: Step; readonly steps: number; readonly gather: number }>> = {
  '15m': { step: 'minute', steps: 15, gather: 1 },
  '1h': { step: 'minute', steps: 60, gather: 1 },
  '6h': { step: 'minute', steps: 360, gather: 6 },
  '24h': { step: 'hour', steps: 24, gather: 1 },
  '7d': { step: 'hour', steps: 168, gather: 3 },
  '35d': { step: 'day', steps: 35, gather: 1 },
}

export interface Chart {
  readonly range: Range
  /** Beginnings of steps. */
  readonly steps: readonly string[]
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[]
}

/** By name; null for what is no part of the chart. */
export async function chartOf(
  request: Looks,
  range: Range,
  nameOf: (count: TallyCount) => string | null,
): Promise<Chart | null> {
  const { step, steps, gather } = CHARTS[range]
  const counts = await countsOf(request, step, steps)
  if (counts === null) return null
  const size = STEP_MS[step]
  const last = Math.floor(request.now.getTime() / size)
  const places = Math.ceil(steps / gather)
  const series = new Map<string, number[]>()
  for (const one of counts) {
    const name = nameOf(one)
    const place = Math.floor((steps - 1 - (last - Math.floor(one.at.getTime() / size))) / gather)
    if (name === null || place < 0 || place >= places) continue
    const values = series.get(name) ?? new Array<number>(places).fill(0)
    series.set(name, values)
    values[place] = (values[place] ?? 0) + one.count
  }
  return {
    range,
    steps: Array.from({ length: places }, (_, i) => new Date((last - steps + 1 + i * gather) * size).toISOString()),
    series: mostFirst(series),
  }
}

const MOST_SERIES = 6

/** The largest, and the rest as one. */
function mostFirst(series: ReadonlyMap<string, readonly number[]>): Chart['series'] {
  const sum = (values: readonly number[]) => values.reduce((all, one) => all + one, 0)
  const sorted = [...series].map(([name, values]) => ({ name, values })).sort((a, b) => sum(b.values) - sum(a.values))
  if (sorted.length <= MOST_SERIES) return sorted
  const [first, rest] = [sorted.slice(0, MOST_SERIES - 1), sorted.slice(MOST_SERIES - 1)]
  const values = first[0]?.values.map((_, i) => rest.reduce((all, one) => all + (one.values[i] ?? 0), 0)) ?? []
  return [...first, { name: 'others', values }]
}
