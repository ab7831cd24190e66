/** From planned claims to claims: bodies at hand first, the rest from the file in small reads. */
import type { Claim } from '../../core/ports.ts'
import type { BodyCache } from './body-cache.ts'
import type { PlannedClaim, Read } from './protocol.ts'

export interface Loaded {
  /** In the order of the plan. */
  readonly claims: readonly Claim[]
  readonly damaged: ReadonlyArray<{ readonly seq: number; readonly reason: string }>
}

/** Read in one go: an acknowledgement waits for no more than this, or for one large body. */
const READ_BYTES = 1024 * 1024

export async function loadClaims(
  planned: readonly PlannedClaim[],
  cache: BodyCache,
  read: (seqs: readonly number[]) => Promise<readonly Read[]>,
): Promise<Loaded> {
  const loaded = new Map<number, Read>()
  const missing: PlannedClaim[] = []
  for (const claim of planned) {
    const delivery = cache.take(claim.seq)
    if (delivery) loaded.set(claim.seq, { delivery: { ...delivery, seq: claim.seq, ...claim.notes } })
    else missing.push(claim)
  }
  for (const some of readsOf(missing)) {
    const reads = await read(some)
    for (const [i, seq] of some.entries())
      loaded.set(seq, reads[i] ?? { damage: 'the stored delivery was not answered' })
  }
  return toLoaded(planned, loaded)
}

function toLoaded(planned: readonly PlannedClaim[], loaded: ReadonlyMap<number, Read>): Loaded {
  const claims: Claim[] = []
  const damaged: { seq: number; reason: string }[] = []
  for (const { seq, handlers, rows, careful, deaths, quarantined } of planned) {
    const read = loaded.get(seq)
    if (read && 'delivery' in read)
      claims.push({ delivery: read.delivery, handlers, rows, careful, deaths, quarantined })
    else damaged.push({ seq, reason: read?.damage ?? 'the stored delivery was not read' })
  }
  return { claims, damaged }
}

/** Small bodies together, a large one alone. */
function readsOf(claims: readonly PlannedClaim[]): number[][] {
  const reads: number[][] = []
  let bytes = 0
  for (const claim of claims) {
    const last = reads.at(-1)
    if (last && bytes + claim.bytes <= READ_BYTES) last.push(claim.seq)
    else {
      reads.push([claim.seq])
      bytes = 0
    }
    bytes += claim.bytes
  }
  return reads
}
