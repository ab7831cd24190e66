import type { ClaimRef } from '../../../ports/inbox/claim-ref.ts'
import type { Claims } from '../../../ports/inbox/claims.ts'
import { noteCalls, saveAll } from '../claims/progress.ts'
import { lostClaim } from '../claims/settle.ts'
import type { Hold } from '../life/holds.ts'
import type { Opened } from './opened.ts'

/** The face of the process half, over the session that is open when it is called. */
export function claimsOf(now: () => Opened): Claims {
  return {
    mayBegin: () => now().mayBegin(),
    claim: async (request) => now().claim(request),
    noteCalls: async (claim, calls) => {
      const { session } = now()
      const hold = session.holds.find(claim)
      if (hold === null || !(await noteCalls(session, hold, calls))) throw lostClaim(claim.seq)
    },
    saveProgress: async (progress) => {
      const { session } = now()
      const saved = await saveAll(
        session,
        progress.map((one) => ({ progress: one, hold: session.holds.find(one) })),
      )
      return progress.filter((one) => !saved.has(one)).map(({ token }) => token)
    },
    settle: async (settlement) => now().settlements.settle(settlement),
    release: (claims) => {
      const { session, claimer } = now()
      claimer.release(holdsOf(session.holds, claims))
      session.tellOfWork()
    },
  }
}

function holdsOf(holds: { find(claim: ClaimRef): Hold | null }, claims: readonly ClaimRef[]): Hold[] {
  return claims.flatMap((claim) => holds.find(claim) ?? [])
}
