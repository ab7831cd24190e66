/** Who takes the records of requests that a source has answered by itself, where nobody else asks for them. */
import type { Provider } from '../../ports/provider.ts'
import type { Responder } from '../../ports/responder.ts'
import { defineHandler, type HandlerDefaults } from './options.ts'
import { vocabularyOf } from './patterns.ts'
import type { HandlerSpec } from './spec.ts'

/** Its durable name. */
export const CALL_KEEPER = 'posthorn.calls'

interface Settings {
  readonly sources: ReadonlyMap<string, { readonly provider: Provider; readonly responder?: Responder | undefined }>
  readonly handlers: HandlerDefaults
}

/**
 * The handlers, and one that does nothing: what was answered is no event that somebody forgot, and is not to wait where
 * every source answers by itself and there are no handlers. Without handlers deliveries of other sources do wait, and
 * records with them.
 */
export function withCallKeeper(settings: Settings, handlers: readonly HandlerSpec[]): readonly HandlerSpec[] {
  const { sources } = settings
  const answering = [...sources.values()].filter(({ responder }) => responder !== undefined)
  if (answering.length === 0 || (handlers.length === 0 && answering.length < sources.size)) return handlers
  const patterns = answering.flatMap(({ provider }) => [...provider.catalogue.keys()])
  // Of every source: one that answers may be added later.
  const options = { name: CALL_KEEPER }
  const keeper = defineHandler(vocabularyOf(sources), settings.handlers, patterns, options, {
    each: () => {},
    batch: null,
  })
  return [...handlers, keeper]
}
