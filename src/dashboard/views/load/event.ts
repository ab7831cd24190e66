/** Why did the handler not act? */
import type { AttemptError, DeadLetter, ErrorRecord } from '../../../types.ts'
import type { ViewRequest } from '../../types.ts'
import { cut, cutDetail, type EventRow, eventRow, gather, iso, type LinkRow, type Loaded, linksFor } from './loading.ts'

export interface Failure {
  readonly attempt: number
  readonly at: string | null
  /** The error, and what it was caused by. */
  readonly chain: readonly {
    readonly name: string
    readonly code: string | null
    readonly message: string
    readonly stack: string | null
  }[]
}

export interface LetterData {
  readonly handler: string
  readonly attempts: number
  readonly since: string | null
  readonly redeliveries: number
  readonly failures: readonly Failure[]
}

export interface EventData {
  /** To tools of the reader's own. */
  readonly links: readonly LinkRow[]
  readonly id: string
  /** null: there is none, or its delivery cannot be read any more. */
  readonly event:
    | (EventRow & { readonly batchId: string | null; readonly credential: string | null; readonly size: number })
    | null
  readonly progress: readonly { readonly handler: string; readonly outcome: string; readonly attempts: number | null }[]
  readonly letters: readonly LetterData[]
  /** As JSON with line breaks. */
  readonly payload: string | null
  readonly metadata: string | null
}

export async function load(request: ViewRequest): Promise<Loaded<EventData>> {
  const { receiver, query, signal } = request
  const id = query.get('id') ?? ''
  const stored = await receiver.inbox.event(id)
  const nothing = { links: [], id, event: null, progress: [], letters: [], payload: null, metadata: null }
  if (stored === null) return { title: 'Event', status: 404, data: nothing }
  const { event, progress } = stored
  const { rows: letters } = await gather(receiver.inbox.deadLetters({ ids: [id] }), signal)
  const stacks = await stacksOf(request, letters)
  return {
    title: `Event: ${event.type}`,
    data: {
      links: linksFor(request, {
        messageId: event.messageId,
        key: request.keyOf(event),
        source: event.source,
        deliveryId: event.delivery.id,
      }),
      id,
      event: {
        ...eventRow(event, request),
        batchId: event.delivery.batchId,
        credential: event.delivery.credential,
        size: event.delivery.size,
      },
      progress: progress.map(({ handler, outcome, attempts }) => ({ handler, outcome, attempts })),
      letters: letters.map((letter) => letterData(letter, stacks)),
      payload: event.payload === undefined ? null : cutDetail(written(event.payload)),
      metadata: Object.keys(event.metadata).length === 0 ? null : cutDetail(written(event.metadata)),
    },
  }
}

/** Equal stacks of one delivery are kept once, with the event that failed first. */
async function stacksOf(
  { receiver }: ViewRequest,
  letters: readonly DeadLetter[],
): Promise<ReadonlyMap<number, string>> {
  const found = new Map<number, string>()
  for (const { event, errors } of letters)
    for (const { stackAt } of errors) {
      if (stackAt === undefined || found.has(stackAt)) continue
      for await (const first of receiver.inbox.deadLetters({ ids: [`${event.delivery.id}.${stackAt}`] })) {
        const stack = first.errors.find((error) => error.stack !== undefined)?.stack
        if (stack !== undefined) found.set(stackAt, stack)
      }
    }
  return found
}

const MOST_CAUSES = 4

export function letterData(
  { handler, attempts, since, redeliveries, errors }: DeadLetter,
  stacks: ReadonlyMap<number, string> = new Map(),
): LetterData {
  const failure = (error: AttemptError): Failure => ({
    attempt: error.attempt,
    at: iso(error.at),
    chain: chainOf(error, stacks),
  })
  return { handler, attempts, since: iso(since), redeliveries, failures: errors.map(failure) }
}

function chainOf(error: AttemptError, stacks: ReadonlyMap<number, string>): Failure['chain'] {
  const chain: Failure['chain'][number][] = []
  const own = error.stack ?? (error.stackAt === undefined ? undefined : stacks.get(error.stackAt))
  let one: ErrorRecord | undefined = own === undefined ? error : { ...error, stack: own }
  for (; one !== undefined && chain.length <= MOST_CAUSES; one = one.cause)
    chain.push({
      name: one.name,
      code: one.code,
      message: cut(one.message),
      stack: one.stack === undefined ? null : cut(one.stack, 8_000),
    })
  return chain
}

function written(value: unknown): string {
  return JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one), 2) ?? ''
}
