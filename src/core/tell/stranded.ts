/** Stored work that no handler of this process takes: most often one that was renamed. */
import { nearest } from '../../lib/nearest.ts'
import type { InboxOpened } from '../../ports/inbox/opening.ts'
import type { Logger } from '../../types.ts'
import { defaultName } from '../handlers/options.ts'
import type { HandlerSpec } from '../handlers/spec.ts'

type Opened = Pick<InboxOpened, 'absent' | 'left' | 'newHandlers'>

/** One warning for each name that has work and no handler, with what is to be done. */
export function warnOfStranded(logger: Logger, handlers: readonly HandlerSpec[], opened: Opened): void {
  for (const { name, events } of opened.left ?? []) {
    const renamed = renamedFrom(name, handlers, opened.newHandlers)
    const is = renamed === null ? 'if it is called otherwise now' : `if it is called "${renamed}" now`
    const facts = { event: 'handler.orphaned', handler: name, events, renamed } as const
    const left = `${events} ${events === 1 ? 'event' : 'events'} left`
    const names = JSON.stringify(name)
    const drop = `receiver.inbox.drop({ handler: ${names} })`
    logger.warn(
      facts,
      `handler ${names} has ${left} and is not here; ${is}: formerly: [${names}]; if it is gone: ${drop}`,
    )
  }
  warnOfAbsent(logger, opened)
}

/** One warning for each name that has no handler here and to which new deliveries belong all the same. */
function warnOfAbsent(logger: Logger, { absent = [], left = [] }: Opened): void {
  for (const name of absent) {
    const events = left.find((one) => one.name === name)?.events ?? 0
    const facts = { event: 'handler.absent', handler: name, events } as const
    const names = JSON.stringify(name)
    const what = `handler ${names} was here less than 24 hours ago and is not now: what is worked on waits for it too`
    logger.warn(facts, `${what}; if it is gone: receiver.inbox.drop({ handler: ${names} })`)
  }
}

/** The handler that most likely had this name before; null when none is likelier than the others. */
function renamedFrom(
  name: string,
  handlers: readonly HandlerSpec[],
  newHandlers: Opened['newHandlers'],
): string | null {
  // Without a name of its own a handler is called by its patterns; one that got a name since still has them.
  const unnamed = handlers.find(({ patterns, sources }) => defaultName(patterns, sources) === name)
  if (unnamed !== undefined) return unnamed.name
  const candidates = newHandlers.length > 0 ? newHandlers : handlers
  const names = candidates.map((candidate) => candidate.name)
  return names.length === 1 ? (names[0] ?? null) : nearest(name, names)
}
