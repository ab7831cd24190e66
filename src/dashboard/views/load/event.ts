/** Why did the handler not act? */
import type { AnyEvent, AttemptError, DeadLetter, ErrorRecord, InboundMail } from '../../../types.ts'
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

/** A mail that came in. Its HTML is shown as text, and nothing of it is ever rendered. */
export interface MailData {
  readonly from: string | null
  readonly to: readonly string[]
  readonly subject: string | null
  readonly headers: ReadonlyArray<readonly [string, string]>
  readonly text: string | null
  readonly html: string | null
  readonly attachments: readonly { readonly name: string | null; readonly type: string; readonly bytes: number }[]
  /** The mail as a whole cannot be taken apart. */
  readonly isUnreadable: boolean
}

export interface EventData {
  readonly mail: MailData | null
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
  const nothing = { mail: null, links: [], id, event: null, progress: [], letters: [], payload: null, metadata: null }
  if (stored === null) return { title: 'Event', status: 404, data: nothing }
  const { event, progress } = stored
  const { rows: letters } = await gather(receiver.inbox.deadLetters({ ids: [id] }), signal)
  const stacks = await stacksOf(request, letters)
  return {
    title: `Event: ${event.type}`,
    data: {
      mail: await mailOf(event),
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

const MOST_HEADERS = 100

async function mailOf(event: AnyEvent): Promise<MailData | null> {
  const { mail = null } = event as { mail?: InboundMail | null }
  if (mail === null) return null
  const attachments = await mail.attachments().catch(() => null)
  const orNone = (text: string | null) => (text === null ? null : cutDetail(text))
  return {
    from: mail.from,
    to: mail.envelopeTo.slice(0, MOST_HEADERS),
    subject: orNone(mail.subject),
    headers: mail.headers.slice(0, MOST_HEADERS).map(([name, value]) => [cut(name, 200), cut(value)] as const),
    text: orNone(mail.text),
    html: orNone(mail.html),
    attachments: (attachments ?? []).slice(0, MOST_HEADERS).map(({ filename, contentType, bytes }) => ({
      name: filename,
      type: cut(contentType, 200),
      bytes: bytes.length,
    })),
    isUnreadable: attachments === null,
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
