/** The closed list of handlers, and the question which of them an event goes to. */
import type { NewWorkRow } from '../../ports/inbox/rows.ts'
import type { AnyEvent } from '../../types.ts'
import type { HandlerSpec } from './spec.ts'

/** Whether none of the handlers its delivery belongs to asks for the event; a sender's own tests are nobody's loss. */
export function isUnhandled(event: AnyEvent, asking: readonly HandlerSpec[], belongsTo: readonly string[]): boolean {
  return !event.isTest && !asking.some((handler) => belongsTo.includes(handler.name))
}

/** Whether a row of work is about the event: the range of a replay may hold others. */
export function isMeant(
  event: AnyEvent,
  asking: readonly HandlerSpec[],
  { replay }: Pick<NewWorkRow, 'replay'>,
  belongsTo: readonly string[],
): boolean {
  if (replay === null) return true
  if (replay.name !== null && event.name !== replay.name) return false
  return !replay.unhandled || isUnhandled(event, asking, belongsTo)
}

/** The closed list of handlers, and the answer, remembered by kind of event, who gets what. */
export class Registry {
  readonly all: readonly HandlerSpec[]
  readonly #byName: ReadonlyMap<string, HandlerSpec>
  readonly #answers = new Map<string, Answer[]>()

  constructor(handlers: readonly HandlerSpec[]) {
    this.all = handlers
    this.#byName = new Map(handlers.map((handler) => [handler.name, handler]))
  }

  get(name: string): HandlerSpec | undefined {
    return this.#byName.get(name)
  }

  /** Every handler once, in order of registration. */
  match(event: AnyEvent): readonly HandlerSpec[] {
    const answers = this.#answers.get(event.name) ?? []
    // A handful at most; a key made of all five would be put together anew for every event.
    for (const answer of answers) if (isAbout(answer, event)) return answer.handlers
    const { type, effect, isTest, source } = event
    const handlers = this.all.filter((handler) => asksFor(handler, event))
    this.#answers.set(event.name, [...answers, { type, effect, isTest, source, handlers }])
    return handlers
  }
}

/** Who gets the events of a name that are alike in all that a handler can ask for. */
interface Answer extends Pick<AnyEvent, 'type' | 'effect' | 'isTest' | 'source'> {
  readonly handlers: readonly HandlerSpec[]
}

function isAbout(answer: Answer, { type, effect, isTest, source }: AnyEvent): boolean {
  return answer.type === type && answer.effect === effect && answer.isTest === isTest && answer.source === source
}

function asksFor(handler: HandlerSpec, event: AnyEvent): boolean {
  if (event.isTest && !handler.tests) return false
  if (handler.sources !== null && !handler.sources.includes(event.source)) return false
  const words = ['*', event.name, event.type, `${event.provider}.*`, `effect.${event.effect}`]
  return words.some((word) => handler.words.has(word))
}
