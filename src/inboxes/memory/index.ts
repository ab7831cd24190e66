/**
 * The inbox for tests: exported from `posthorn/memory`. It keeps every promise of an inbox but the one that matters in
 * production: what it holds is gone with the process.
 */

import { OptionError } from '../../errors.ts'
import { port } from '../../lib/symbols.ts'
import type { Inbox } from '../../ports/inbox/index.ts'
import { MemoryInbox } from './inbox.ts'

/**
 * An inbox in memory, for tests. It logs one warning when it is opened. After it is closed and opened again, it still has
 * its contents, as a file would.
 * @example createReceiver({ inbox: memory(), sources })
 * @throws OptionError when it is given anything
 */
export function memory(...options: readonly never[]): Inbox {
  if (options.length > 0) throw new OptionError('memory takes no options: what it holds is gone with the process')
  return { kind: 'memory', [port]: new MemoryInbox() }
}
