/** What is remembered beside deliveries. */
import type { Memo, Memos } from '../../ports/inbox/memos.ts'
import type { Session } from './session.ts'

export function memosIn(session: Session): Memos {
  const all = session.store.memos
  return {
    now: () => session.now(),
    async read(name) {
      session.opening()
      return all.get(name) ?? null
    },
    async write(name, text, after) {
      session.opening()
      const version = all.get(name)?.version ?? null
      if (version !== after) return null
      const memo: Memo = { text, version: (version ?? 0) + 1 }
      all.set(name, memo)
      return memo.version
    },
  }
}
