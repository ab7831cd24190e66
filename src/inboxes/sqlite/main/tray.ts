/** What waits for the next group, and who waits for it. */
import type { ClaimRequest, OrderKey } from '../../../ports/inbox/claims.ts'
import { toError } from '../wire/failure.ts'
import { type Parcel, sizeOf } from '../wire/packing.ts'
import type {
  ClaimPlan,
  Condemned,
  Ending,
  FileAnswer,
  FileCommand,
  HeldProgress,
  ItemAnswer,
  Settled,
  StoredAnswer,
  UnderWay,
  Wake,
} from '../wire/protocol.ts'

export interface Waiting<I, O> {
  readonly item: I
  readonly resolve: (value: O) => void
  readonly reject: (error: unknown) => void
}

/** A larger body commits alone, so that it delays nobody else by more than its own commit. */
const ALONE_ABOVE = 1024 * 1024
/** Small bodies of one group together. */
const GROUP_BYTES = 4 * 1024 * 1024

/** Everything that waits; accepts stay until they fit into a group, the rest goes with the next one. */
export class Tray {
  readonly accepts: Waiting<Parcel, StoredAnswer>[] = []
  readonly settlements: Waiting<Ending, Settled>[] = []
  readonly underWay: Waiting<UnderWay, null>[] = []
  readonly progress: Waiting<readonly HeldProgress[], readonly number[]>[] = []
  readonly claims: Waiting<ClaimRequest, ClaimPlan>[] = []
  readonly condemned: Waiting<Condemned, void>[] = []
  readonly commands: Waiting<FileCommand, FileAnswer>[] = []
  readonly wakes: Waiting<Wake, readonly OrderKey[]>[] = []
  readonly releases: number[] = []
  readonly sendersLeft: number[] = []
  renew = false
  wishes = false

  isEmpty(): boolean {
    const { accepts, settlements, underWay, progress, claims, condemned, commands, wakes, releases, sendersLeft } = this
    const work = [settlements, underWay, progress, claims, condemned, wakes, releases]
    const queues = [accepts, commands, sendersLeft, ...work]
    return !this.renew && !this.wishes && queues.every((queue) => queue.length === 0)
  }
}

/** Removes those of the next group. */
export function takeAccepts(accepts: Waiting<Parcel, StoredAnswer>[]): Waiting<Parcel, StoredAnswer>[] {
  let bytes = 0
  const [first] = accepts
  const end = accepts.findIndex(({ item }, i) => {
    bytes += sizeOf(item)
    return i > 0 && (bytes > GROUP_BYTES || isAlone(item) || (first !== undefined && isAlone(first.item)))
  })
  return accepts.splice(0, end === -1 ? accepts.length : end)
}

export function isAlone(delivery: Parcel): boolean {
  return delivery.body.byteLength > ALONE_ABOVE
}

export function tell<O>(waiting: ReadonlyArray<Waiting<unknown, O>>, answers: readonly ItemAnswer<O>[]): void {
  waiting.forEach(({ resolve, reject }, i) => {
    const answer = answers[i]
    if (answer === undefined) reject(new Error('the thread of the inbox left an item unanswered'))
    else if ('failure' in answer) reject(toError(answer.failure))
    else resolve(answer.value)
  })
}
