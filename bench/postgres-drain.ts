import type { InboxPort } from '../src/ports/inbox/index.ts'

/** Claims and settles all that waits; answers how many that were. */
export async function drain({ claims }: InboxPort): Promise<number> {
  const request = { handlers: ['a'], sources: ['shop'], maxDeliveries: 256, maxBytes: 8 << 20 }
  const settled = { firstPass: true, events: 1, endedRows: [], rows: [], dead: [], quarantined: [], unhandled: {} }
  for (let done = 0; ; ) {
    const found = (await claims.claim(request)).claims
    if (found.length === 0) return done
    await Promise.all(found.map(({ token, delivery: { seq } }) => claims.settle({ ...settled, seq, token } as never)))
    done += found.length
  }
}
