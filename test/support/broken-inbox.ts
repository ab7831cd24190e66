/** An inbox that fails when a test says so. */
import { port } from '../../src/lib/symbols.ts'
import type { Inbox } from '../../src/ports/inbox/index.ts'
import { portWith } from './port-methods.ts'

export interface BrokenInbox extends Inbox {
  /** From now on nothing is accepted; null mends it. */
  fail(error: Error | null): void
  failOpening(error: Error | null): void
  /** What is accepted from now on waits until `release`. */
  hold(): { release(): void }
}

export function broken(inbox: Inbox): BrokenInbox {
  let [accepting, opening]: (Error | null)[] = [null, null]
  let held: Promise<void> | null = null
  const behind = inbox[port]
  const failing = portWith(behind, {
    async accept(...given) {
      if (accepting) throw accepting
      await held
      return behind.intake.accept(...given)
    },
    open: (...given) => (opening ? Promise.reject(opening) : behind.open(...given)),
  })
  return {
    kind: inbox.kind,
    [port]: failing,
    fail(error) {
      accepting = error
    },
    failOpening(error) {
      opening = error
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return {
        release() {
          held = null
          resolve()
        },
      }
    },
  }
}
