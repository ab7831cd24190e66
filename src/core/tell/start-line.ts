/** What an operator reads first: one line at start, and the warnings that only a start can give. */

import type { InboxOpened } from '../../ports/inbox/opening.ts'
import type { SourcePort } from '../../ports/provider.ts'
import type { Logger } from '../../types.ts'
import type { HandlerSpec } from '../handlers/spec.ts'
import { placesOf } from '../receive/authenticate.ts'
import { warnOfStranded } from './stranded.ts'

export interface StartFacts {
  readonly inboxKind: string
  readonly sources: ReadonlyMap<string, SourcePort>
  readonly logger: Logger
}

/** `handlers` is null where this process is not to handle anything. */
export function announce(settings: StartFacts, handlers: readonly HandlerSpec[] | null, opened: InboxOpened): void {
  const { stats, newHandlers } = opened
  const { logger, inboxKind, sources } = settings
  const shown = [...sources].map(
    ([name, source]) => `/${segment(source)}${name} (${source.provider.name}, ${source.auth.scheme})`,
  )
  const facts = {
    inbox: inboxKind,
    handlers: Object.fromEntries((handlers ?? []).map(({ name, patterns }) => [name, patterns.join(' ')])),
    pending: stats.pending,
    deadLetters: stats.deadLetters,
    quarantined: stats.quarantined,
  }
  logger.info(facts, `receiving ${shown.join(', ')}`)
  for (const [name, source] of sources) for (const notice of source.notices ?? []) logger.warn({ source: name }, notice)
  if (handlers?.length === 0)
    logger.warn(
      {},
      'there are no handlers: deliveries are stored and wait until some are registered with on() or onBatch()',
    )
  for (const { handler, by } of stats.paused) logger.warn({ by }, `handler "${handler}" is paused`)
  if (handlers !== null) warnOfStranded(logger, handlers, opened)
  for (const { name, settledWithout } of newHandlers)
    if (settledWithout > 0)
      logger.info(
        { events: settledWithout },
        `handler "${name}" is new: it gets what comes from now on, not what was settled without it; see receiver.inbox.replay({ to: [${JSON.stringify(name)}], missed: true })`,
      )
}

/** The place of a secret, cut. */
const segment = (source: SourcePort): string => (placesOf(source).path === 'only' ? '…/' : '')
