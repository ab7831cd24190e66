/** What an operator reads first: one line at start, and the warnings that only a start can give. */

import type { InboxOpened } from '../../ports/inbox/opening.ts'
import type { SourcePort } from '../../ports/provider.ts'
import type { LogFacts, Logger } from '../../types.ts'
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
  const { stats, newHandlers, place } = opened
  const { logger, inboxKind, sources } = settings
  const shown = [...sources].map(
    ([name, source]) => `/${segment(source)}${name} (${source.provider.name}, ${source.auth.scheme})`,
  )
  const facts: LogFacts = {
    event: 'start',
    sources: Object.fromEntries([...sources].map(([name, { provider }]) => [name, provider.name])),
    inbox: inboxKind,
    ...(place && { path: place.path, made: place.isMade }),
    handlers: Object.fromEntries((handlers ?? []).map(({ name, patterns }) => [name, patterns.join(' ')])),
    pending: stats.pending,
    deadLetters: stats.deadLetters,
    quarantined: stats.quarantined,
  }
  const stored = place ? `; stored in ${place.path}${place.isMade ? ', which was made' : ''}` : ''
  logger.info(facts, `receiving ${shown.join(', ')}${stored}`)
  for (const [name, source] of sources) warnOfSource(logger, name, source)
  if (handlers?.length === 0 && [...sources.values()].some(({ responder }) => responder === undefined))
    logger.warn(
      { event: 'handler.none' },
      'there are no handlers: deliveries are stored and wait until some are registered with on() or onBatch()',
    )
  for (const { handler, by } of stats.paused)
    logger.warn({ event: 'handler.paused', handler, by }, `handler "${handler}" is paused`)
  if (handlers !== null) warnOfStranded(logger, handlers, opened)
  for (const { name, settledWithout } of newHandlers)
    if (settledWithout > 0 && handlers?.some((handler) => handler.name === name))
      logger.info(
        { event: 'handler.new', handler: name, events: settledWithout },
        `handler "${name}" is new: it gets what comes from now on, not what was settled without it; see receiver.inbox.replay({ to: [${JSON.stringify(name)}], missed: true })`,
      )
}

function warnOfCredential(logger: Logger, source: string, { provider, auth: { scheme } }: SourcePort): void {
  const { name, cannotSend = [] } = provider
  if (!scheme.split(' or ').every((kind) => cannotSend.includes(kind))) return
  const message = `source "${source}" asks for ${scheme}, which ${name} cannot send: every delivery will be answered 401`
  logger.warn({ event: 'source.credential', source, scheme }, message)
}

/** What of a source needs a look: its options, and credentials that its sender cannot send. */
export function warnOfSource(logger: Logger, name: string, source: SourcePort): void {
  for (const notice of source.notices ?? []) logger.warn({ event: 'source.option', source: name }, notice)
  warnOfCredential(logger, name, source)
}

/** The place of a secret, cut. */
const segment = (source: SourcePort): string => (placesOf(source).path === 'only' ? '…/' : '')
