/**
 * What is ordinary in a group said in numbers, on its way between the threads: a delivery that was accepted, a first
 * pass that leaves nothing behind, a claim of one that has no history. The structured clone takes its time for objects,
 * at both ends.
 */
import type { Tally } from '../../../ports/inbox/look.ts'
import type {
  ClaimPlan,
  Ending,
  GroupAnswer,
  GroupRequest,
  ItemAnswer,
  Notes,
  PlannedClaim,
  Settled,
  StoredAnswer,
} from './protocol.ts'

/**
 * The seq of the delivery, its number of events; and where it counts something, how many of the words count at its receipt,
 * and of each word its place among those of the group, how many and the sum.
 */
type BareEnd = readonly (number | null)[]

export interface BriefRequest extends Omit<GroupRequest, 'settlements'> {
  readonly settlements: ReadonlyArray<Ending | BareEnd>
  /** What bare ends count: the ordinary group has few, and each delivery of it the same. */
  readonly words: readonly string[]
  /** Behind each other, and of each settlement how many bytes; -1: it has none. */
  readonly traces: { readonly bytes: Uint8Array; readonly lengths: readonly number[] }
}

/** First claims of deliveries without a history, and the others. */
interface BriefPlan extends Omit<ClaimPlan, 'claims'> {
  /** Before which of the first claims the others stand, in order. */
  readonly others: ReadonlyArray<readonly [before: number, claim: PlannedClaim]>
  /** Of the first claims, which all have the same. */
  readonly handlers: readonly string[]
  /** Of each first claim seq and bytes, in turn. */
  readonly firsts: readonly number[]
}

type Done = Extract<GroupAnswer, { readonly lost: null }>

export type BriefAnswer =
  | Extract<GroupAnswer, { readonly lost: object }>
  | (Omit<Done, 'settlements' | 'accepts' | 'claims'> & {
      /** null: nothing is left of it. */
      readonly settlements: ReadonlyArray<ItemAnswer<Settled> | null>
      /** A number: it was accepted as this one. */
      readonly accepts: ReadonlyArray<ItemAnswer<StoredAnswer> | number>
      readonly claims: readonly BriefPlan[]
    })

export function toBriefRequest(request: GroupRequest): BriefRequest {
  const places = new Map<string, number>()
  const settlements = request.settlements.map((one) => (isBareEnd(one) ? toBareEnd(one, places) : withoutTrace(one)))
  return { ...request, settlements, words: [...places.keys()], traces: toTraces(request.settlements) }
}

export function fromBriefRequest(request: BriefRequest): GroupRequest {
  const { words, traces, ...group } = request
  const settlements = request.settlements.map((one) => ('seq' in one ? one : bareEnd(one, words)))
  return { ...group, settlements: withTraces(settlements, traces) }
}

type Traces = BriefRequest['traces']

function toTraces(settlements: readonly Ending[]): Traces {
  const lengths = settlements.map(({ trace }) => trace?.byteLength ?? -1)
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + Math.max(0, length), 0))
  let at = 0
  for (const { trace } of settlements) {
    if (!trace) continue
    bytes.set(trace, at)
    at += trace.byteLength
  }
  return { bytes, lengths }
}

function withTraces(settlements: readonly Ending[], { bytes, lengths }: Traces): Ending[] {
  let at = 0
  return settlements.map((one, n) => {
    const length = lengths[n] ?? -1
    if (length < 0) return one
    at += length
    return { ...one, trace: bytes.subarray(at - length, at) }
  })
}

export function toBriefAnswer(answer: GroupAnswer): BriefAnswer {
  if (answer.lost) return answer
  return {
    ...answer,
    settlements: answer.settlements.map((one) => (isOver(one) ? null : one)),
    accepts: answer.accepts.map((one) => (isPlain(one) ? one.value.seq : one)),
    claims: answer.claims.map(toBriefPlan),
  }
}

export function fromBriefAnswer(answer: BriefAnswer): GroupAnswer {
  if (answer.lost) return answer
  return {
    ...answer,
    settlements: answer.settlements.map((one) => one ?? OVER),
    accepts: answer.accepts.map((one) => (typeof one === 'number' ? acceptedAs(one) : one)),
    claims: answer.claims.map(fromBriefPlan),
  }
}

/** The end of a first pass that leaves nothing else: the ordinary case. */
export function isBareEnd(settlement: Ending): boolean {
  const { firstPass, endedRows, rows, dead, quarantined, unhandled, keys, forgotten, duplicateEvents = 0 } = settlement
  if (!firstPass || keys || forgotten || duplicateEvents > 0) return false
  if (endedRows.length + rows.length + dead.length + quarantined.length > 0) return false
  for (const _ in unhandled) return false
  return true
}

function toBareEnd({ seq, events, tally }: Ending, places: Map<string, number>): BareEnd {
  if (tally === undefined) return [seq, events]
  const { words, numbers, received } = tally
  const end = [seq, events, received]
  for (let at = 0; at < words.length; at++)
    end.push(placeOf(words[at] as string, places), numbers[2 * at] as number, numbers[2 * at + 1] as number)
  return end
}

const withoutTrace = ({ trace: _, ...ending }: Ending): Ending => ending

function placeOf(word: string, places: Map<string, number>): number {
  const known = places.get(word)
  if (known !== undefined) return known
  places.set(word, places.size)
  return places.size - 1
}

const NOTHING_ELSE = { firstPass: true, endedRows: [], rows: [], dead: [], quarantined: [], unhandled: {} } as const

function bareEnd(end: BareEnd, words: readonly string[]): Ending {
  const [seq, events = null] = end
  const tally = end.length > 2 ? tallyOf(end, words) : undefined
  return { seq: seq as number, events, ...(tally && { tally }), ...NOTHING_ELSE }
}

function tallyOf(end: BareEnd, words: readonly string[]): Tally {
  const [own, numbers]: [string[], number[]] = [[], []]
  for (let at = 3; at < end.length; at += 3) {
    own.push(words[end[at] as number] as string)
    numbers.push(end[at + 1] as number, end[at + 2] as number)
  }
  return { words: own, numbers, received: end[2] as number }
}

const OVER: ItemAnswer<Settled> = { value: { workIsLeft: false, conflictsWith: null } }

function isOver(answer: ItemAnswer<Settled>): boolean {
  return 'value' in answer && !answer.value.workIsLeft && answer.value.conflictsWith === null
}

function isPlain(answer: ItemAnswer<StoredAnswer>): answer is { readonly value: StoredAnswer } {
  return 'value' in answer && answer.value.status === 'accepted' && answer.value.body === undefined
}

function acceptedAs(seq: number): ItemAnswer<StoredAnswer> {
  return { value: { status: 'accepted', seq, isDone: false } }
}

function toBriefPlan({ claims, ...plan }: ClaimPlan): BriefPlan {
  const [firsts, others]: [number[], [number, PlannedClaim][]] = [[], []]
  let handlers: readonly string[] | null = null
  for (const claim of claims) {
    if (isFirst(claim) && (handlers === null || handlers === claim.handlers)) {
      handlers = claim.handlers
      firsts.push(claim.seq, claim.bytes)
    } else others.push([firsts.length, claim])
  }
  return { ...plan, others, handlers: handlers ?? [], firsts }
}

function fromBriefPlan({ others, handlers, firsts, ...plan }: BriefPlan): ClaimPlan {
  const claims: PlannedClaim[] = []
  let next = 0
  for (let at = 0; at <= firsts.length; at += 2) {
    for (; others[next]?.[0] === at; next++) claims.push((others[next] as BriefPlan['others'][number])[1])
    if (at < firsts.length) claims.push(firstClaim(handlers, firsts[at] as number, firsts[at + 1] as number))
  }
  return { ...plan, claims }
}

function isFirst({ rows, careful, deaths, quarantined, progress, notes }: PlannedClaim): boolean {
  const { senderLeft, duplicates, events } = notes
  const isUntouched = !senderLeft && duplicates === 0 && events === null
  return rows === null && !careful && deaths.length + quarantined.length + progress.length === 0 && isUntouched
}

const UNTOUCHED = { rows: null, careful: false, deaths: [], quarantined: [], progress: [] } as const
export const NO_NOTES: Notes = Object.freeze({ senderLeft: false, duplicates: 0, events: null })

function firstClaim(handlers: readonly string[], seq: number, bytes: number): PlannedClaim {
  return { seq, bytes, handlers, ...UNTOUCHED, notes: NO_NOTES }
}
