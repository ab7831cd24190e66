/** What looks at an inbox elsewhere share. */
import { redacted } from '../../out/format.ts'
import type { OutOptions } from '../../out/lines.ts'
import { type View, type WatchOptions, watch } from '../../out/watch.ts'

export interface ElsewhereOptions extends OutOptions, WatchOptions {
  readonly url: string
  readonly limit?: number | undefined
}

export const hidden = (who: string | null): string => (who?.includes('@') ? redacted(who) : (who ?? ''))

export interface Pause {
  readonly by: 'hand' | 'failures'
  readonly since: string | null
}

/** A look that the signal broke off is no error. */
export async function untilStopped(look: View, options: ElsewhereOptions, stop: AbortSignal): Promise<void> {
  try {
    await watch(look, options, stop)
  } catch (error) {
    if (!stop.aborted) throw error
  }
}
