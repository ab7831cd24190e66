/** Where what was told is kept: with the user, in the inbox, or in this process. */
import type { Memos } from '../ports/inbox/memos.ts'
import type { Place } from './board.ts'
import type { AlertState } from './options.ts'

type Within = <T>(run: () => T | Promise<T>) => Promise<T>

/** `within` bounds how long each is waited for. */
export function placeOf(memos: Memos | null, state: AlertState | null, name: string, within: Within): Place {
  if (state !== null) return placeWith(state, within)
  if (memos === null) return placeHere()
  const memo = `alerts:${name}`
  return {
    read: () => within(() => memos.read(memo)),
    write: (text, after) => within(() => memos.write(memo, text, after)),
  }
}

/** Of one process: nobody else writes. */
function placeWith(state: AlertState, within: Within): Place {
  return {
    async read() {
      const text = await within(() => state.read())
      return typeof text === 'string' ? { text, version: 1 } : null
    },
    async write(text) {
      await within(() => state.write(text))
      return 1
    },
  }
}

function placeHere(): Place {
  let kept: string | null = null
  return {
    read: async () => (kept === null ? null : { text: kept, version: 1 }),
    async write(text) {
      kept = text
      return 1
    },
  }
}
