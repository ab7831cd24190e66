import { setTimeout as sleep } from 'node:timers/promises'
import { PosthornError } from '../../../errors.ts'
import type { LogFacts, Logger } from '../../../types.ts'
import type { OpenAnswer, OpenRequest } from '../wire/protocol.ts'
import { isOpenHere } from './open-files.ts'
import type { Thread } from './thread.ts'

export type Owned = Extract<OpenAnswer, { readonly owned: false }>

export interface Waiting {
  readonly path: string
  readonly ownerWaitMs: number
  readonly logger: Logger
  /** Nobody waits for the answer any more. */
  readonly isOver: () => boolean
}

const POLL_MS = 100
const TELL_AFTER_MS = 1_000

/**
 * Opens the file on its thread; while another process owns it, asks again and says so once. In real time, whatever
 * clock the receiver has: the other process lives in it too.
 * @throws ERR_INBOX_OWNED after `ownerWaitMs`; at once where this process itself has the file open
 */
export async function waitForOwnership(thread: Thread, request: OpenRequest, waiting: Waiting): Promise<Owned> {
  const start = performance.now()
  for (let told = false; ; ) {
    const answer = await thread.call('open', request)
    if (!answer.owned) return answer
    if (isOpenHere(waiting.path)) throw openHere(waiting.path)
    const waitedMs = performance.now() - start
    if (waiting.isOver())
      throw new PosthornError('ERR_INBOX_CLOSED', 'The inbox was closed while it waited for its file.')
    if (waitedMs >= waiting.ownerWaitMs) throw ownedByAnother(waiting.path)
    if (!told && waitedMs >= TELL_AFTER_MS) {
      const facts: LogFacts = { event: 'inbox.waiting', inbox: 'sqlite', path: waiting.path }
      waiting.logger.warn(facts, 'the inbox is in use by another process; waiting for it to end')
      told = true
    }
    await sleep(Math.min(POLL_MS, waiting.ownerWaitMs - waitedMs))
  }
}

function openHere(path: string): PosthornError {
  return new PosthornError(
    'ERR_INBOX_OWNED',
    `${path} is open in this process already: what makes the receiver was loaded twice, by two bundles or by a reload. ` +
      'Make one for the process: export const receiver = (globalThis.receiver ??= createReceiver(…)). In development ' +
      'close the one before: await globalThis.receiver?.close().',
  )
}

export function ownedByAnother(path: string): PosthornError {
  return new PosthornError(
    'ERR_INBOX_OWNED',
    `${path} is in use by another receiver. One process owns a SQLite inbox: stop the other one first (one replica, ` +
      'stop before start).',
  )
}
