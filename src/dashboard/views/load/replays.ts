/** Run it again, safely. */
import type { ViewRequest } from '../../types.ts'
import { standingOf } from './frame.ts'
import { iso, type Loaded, orNull } from './loading.ts'
import { filterText } from './storage.ts'

export interface ReplaysData {
  /** Events that wait, by run. */
  readonly waiting: readonly { readonly run: string; readonly events: number }[]
  /** The latest, newest first; null: not kept. */
  readonly past:
    | readonly {
        readonly at: string | null
        readonly filter: string
        readonly matched: number
        readonly queued: number
      }[]
    | null
  readonly handlers: readonly string[]
}

const MOST = 20

export async function load(request: ViewRequest): Promise<Loaded<ReplaysData>> {
  const { receiver } = request
  const [{ stats }, actions, known] = await Promise.all([
    standingOf(request),
    orNull(() => receiver.inbox.actions()),
    request.handlers(),
  ])
  return {
    title: 'Replays',
    data: {
      waiting: Object.entries(stats?.replays ?? {}).map(([run, events]) => ({ run, events })),
      past:
        actions === null
          ? null
          : actions
              .filter(({ verb }) => verb === 'replay')
              .slice(0, MOST)
              .map(({ at, filter, matched, queued }) => ({
                at: iso(at),
                filter: filterText(filter),
                matched,
                queued,
              })),
      handlers: known.map(({ name }) => name),
    },
  }
}
