/** From planned claims to claims: bodies at hand first, the rest from the file in small reads. */
import type { Claim } from '../../../ports/inbox/claims.ts'
import { portionsOf } from '../../rules/portions.ts'
import type { PlannedClaim, StoredRead } from '../wire/protocol.ts'
import type { BodyCache } from './body-cache.ts'

export interface Loaded {
  /** In the order of the plan. */
  readonly claims: readonly Claim[]
  readonly damaged: ReadonlyArray<{ readonly seq: number; readonly reason: string }>
}

interface Sources {
  readonly cache: BodyCache
  read(seqs: readonly number[]): Promise<readonly StoredRead[]>
  tokenOf(seq: number): number
}

/** Read in one go: an acknowledgement waits for no more than this, or for one large body. */
const READ_BYTES = 1024 * 1024

export async function loadClaims(planned: readonly PlannedClaim[], { cache, read, tokenOf }: Sources): Promise<Loaded> {
  const loaded = planned.map((claim) => atHand(cache, claim))
  const missing = planned.filter((_, i) => loaded[i] === null)
  const fromFile = new Map<number, StoredRead | undefined>()
  for (const some of portionsOf(missing, READ_BYTES)) {
    const reads = await read(some)
    for (const [i, seq] of some.entries()) fromFile.set(seq, reads[i])
  }
  return toLoaded(
    planned,
    planned.map(({ seq }, i) => loaded[i] ?? fromFile.get(seq) ?? UNANSWERED),
    tokenOf,
  )
}

const UNANSWERED: StoredRead = { damage: 'the stored delivery was not answered' }

function atHand(cache: BodyCache, { seq, notes }: PlannedClaim): StoredRead | null {
  const delivery = cache.take(seq)
  return delivery === undefined ? null : { delivery: { ...delivery, seq, ...notes } }
}

function toLoaded(
  planned: readonly PlannedClaim[],
  loaded: ReadonlyArray<StoredRead | null>,
  tokenOf: Sources['tokenOf'],
): Loaded {
  const claims: Claim[] = []
  const damaged: { seq: number; reason: string }[] = []
  for (const [i, { seq, handlers, rows, careful, deaths, quarantined, progress }] of planned.entries()) {
    const read = loaded[i] ?? UNANSWERED
    if ('damage' in read) damaged.push({ seq, reason: read.damage })
    else
      claims.push({
        token: tokenOf(seq),
        delivery: read.delivery,
        handlers,
        rows,
        careful,
        deaths,
        quarantined,
        progress,
      })
  }
  return { claims, damaged }
}
