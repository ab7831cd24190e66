/**
 * The inbox for tests: exported from `posthorn/memory`. It keeps every promise of an inbox but the one that matters in
 * production: what it holds is gone with the process.
 */

import { port } from '../../lib/symbols.ts'
import type { Inbox } from '../../ports/inbox/index.ts'
import { MemoryInbox } from './inbox.ts'

/**
 * An inbox in memory, for tests. It warns once when it is opened. Closed and opened again, it still has its contents,
 * as a file would.
 */
export function memory(): Inbox {
  return { kind: 'memory', [port]: new MemoryInbox() }
}
