/** `posthorn inbox handlers` and `senders`: who handles, and who sends. */
import { timeText } from '../out/format.ts'
import type { Column } from '../out/lines.ts'
import { type List, showList } from './list.ts'
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
    const list: List<HandlerRow> = {
      ...{ name: 'posthorn inbox handlers', what: null, columns: handlerColumns(options) },
      ...{ rows: () => handlerRows(opened), key: ({ handler }) => handler },
    }
    await showList(list, options, opened.stop)
    return 0
  })
}

const handlerColumns = ({ utc }: LookOptions): Column<HandlerRow>[] => [
  { head: 'handler', of: ({ handler }) => handler },
  { head: 'dead letters', of: ({ deadLetters }) => String(deadLetters), right: true },
  { head: 'orphaned', of: ({ orphaned }) => String(orphaned), right: true },
  { head: 'last seen', of: ({ seenAt }) => timeText(seenAt, utc) },
  {
    head: 'paused',
    of: ({ paused }) => (paused === null ? '' : `${byWhom(paused.by)} since ${timeText(paused.since, utc)}`),
  },
]

async function* handlerRows({ control, records }: OpenInbox): AsyncGenerator<HandlerRow> {
  const { paused, orphaned } = await control.stats()
  const dead = new Map<string, number>()
  for await (const { handler } of control.deadLetters()) dead.set(handler, (dead.get(handler) ?? 0) + 1)
  const known = await records.handlers()
  for (const { name, seenAt } of known) {
    const pause = paused.find(({ handler }) => handler === name)
    yield {
      ...{ handler: name, seenAt: new Date(seenAt), deadLetters: dead.get(name) ?? 0, orphaned: orphaned[name] ?? 0 },
      paused: pause === undefined ? null : { by: pause.by, since: pause.since },
    }
  }
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
    const list: List<SenderRow> = {
      ...{ name: 'posthorn inbox senders', what: null, columns: senderColumns(options) },
      ...{ rows: () => senderRows(opened), key: ({ source }) => source },
    }
    await showList(list, options, opened.stop)
    return 0
  })
}

const senderColumns = ({ utc }: LookOptions): Column<SenderRow>[] => [
  { head: 'source', of: ({ source }) => source },
  { head: 'sender', of: ({ sender }) => sender },
  { head: 'last delivery', of: ({ lastDeliveryAt: at }) => (at === null ? 'never' : timeText(at, utc)) },
  { head: 'id', of: ({ lastDeliveryId }) => lastDeliveryId ?? '' },
]

async function* senderRows({ control, sources }: OpenInbox): AsyncGenerator<SenderRow> {
  for (const [source, { provider: sender }] of Object.entries(sources)) {
    const { value } = await control.deliveries({ source })[Symbol.asyncIterator]().next()
    yield { source, sender, lastDeliveryAt: value?.receivedAt ?? null, lastDeliveryId: value?.id ?? null }
  }
}
