import type { LookPort } from '../../../ports/inbox/look.ts'
import { noteAction, readActions, readSeen, readTallies } from '../look/read.ts'
import { writeObserved } from '../look/told.ts'
import type { Opened } from './opened.ts'

/** The face of whoever looks at counts, over the session that is open when it is called. */
export function lookOf(now: () => Opened): LookPort {
  return {
    tallies: async (window) => {
      const opened = now()
      await opened.drained()
      return readTallies(opened.session.db, window)
    },
    seen: async () => readSeen(now().session.db),
    observe: async (observed) => {
      const { db, known } = now().session
      await writeObserved(db, known, observed)
    },
    noteAction: async (action) => noteAction(now().session.db, action),
    actions: async (limit) => readActions(now().session.db, limit),
  }
}
