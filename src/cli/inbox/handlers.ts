/** `posthorn inbox handlers` and `senders`: who handles, and who sends. */
import { timeText } from '../out/format.ts'
import { showRows } from '../out/lines.ts'
import { byWhom, type LookOptions } from './look.ts'
import { type OpenInbox, withInbox } from './open.ts'

interface HandlerRow {
  readonly handler: string
  /** When a process that has it was last known to run. */
  readonly seenAt: Date
  readonly deadLetters: number
  readonly paused: { readonly by: 'hand' | 'failures'; readonly since: Date } | null
  /** Work that waits for a handler that nobody has had for 24 h; 0 otherwise. */
  readonly orphaned: number
}

/** Every handler that this inbox has ever known. */
export async function handlers(options: LookOptions): Promise<0> {
  return withInbox(options, async (opened) => {
    const { utc } = options
    await showRows(
      await handlerRows(opened),
      [
        { head: 'handler', of: ({ handler }) => handler },
        { head: 'dead letters', of: ({ deadLetters }) => String(deadLetters), right: true },
        { head: 'orphaned', of: ({ orphaned }) => String(orphaned), right: true },
        { head: 'last seen', of: ({ seenAt }) => timeText(seenAt, utc) },
        {
          head: 'paused',
          of: ({ paused }) => (paused === null ? '' : `${byWhom(paused.by)} since ${timeText(paused.since, utc)}`),
        },
      ],
      options,
    )
    return 0
  })
}

async function handlerRows({ control, records }: OpenInbox): Promise<HandlerRow[]> {
  const { paused, orphaned } = await control.stats()
  const dead = new Map<string, number>()
  for await (const { handler } of control.deadLetters()) dead.set(handler, (dead.get(handler) ?? 0) + 1)
  const known = await records.handlers()
  return known.map(({ name, seenAt }) => {
    const pause = paused.find(({ handler }) => handler === name)
    return {
      ...{ handler: name, seenAt: new Date(seenAt), deadLetters: dead.get(name) ?? 0, orphaned: orphaned[name] ?? 0 },
      paused: pause === undefined ? null : { by: pause.by, since: pause.since },
    }
  })
}

interface SenderRow {
  readonly source: string
  readonly sender: string
  readonly lastDeliveryAt: Date | null
  readonly lastDeliveryId: string | null
}

/** The sources, with the newest delivery of each. */
export async function senders(options: LookOptions): Promise<0> {
  return withInbox(options, async (opened) => {
    await showRows(
      senderRows(opened),
      [
        { head: 'source', of: ({ source }) => source },
        { head: 'sender', of: ({ sender }) => sender },
        { head: 'last delivery', of: ({ lastDeliveryAt: at }) => (at === null ? 'never' : timeText(at, options.utc)) },
        { head: 'id', of: ({ lastDeliveryId }) => lastDeliveryId ?? '' },
      ],
      options,
    )
    return 0
  })
}

async function* senderRows({ control, sources }: OpenInbox): AsyncGenerator<SenderRow> {
  for (const [source, { provider: sender }] of Object.entries(sources)) {
    const { value } = await control.deliveries({ source })[Symbol.asyncIterator]().next()
    yield { source, sender, lastDeliveryAt: value?.receivedAt ?? null, lastDeliveryId: value?.id ?? null }
  }
}
