/** The columns of lists elsewhere: those that a file has, as far as a dashboard tells them. */
import type { Quarantined } from '../../../types.ts'
import { timeText } from '../../out/format.ts'
import type { Column } from '../../out/lines.ts'
import { whyOf } from '../events.ts'
import { byWhom, itemColumns, remarksOf, toldOnce } from '../look.ts'
import { hidden, type Pause } from './options.ts'

/** Of any view; what is not there is empty. */
export interface Row {
  readonly [field: string]: unknown
}

export const textOf = (value: unknown): string => (value === null || value === undefined ? '' : String(value))
const at = (value: unknown, utc: boolean): string => (typeof value === 'string' ? timeText(new Date(value), utc) : '')
const column = (head: string, field: string, more: Partial<Column<Row>> = {}): Column<Row> => ({
  ...{ head, of: (row) => textOf(row[field]) },
  ...more,
})
const time = (head: string, field: string, utc: boolean, more: Partial<Column<Row>> = {}): Column<Row> => ({
  ...{ head, of: (row) => at(row[field], utc) },
  ...more,
})
const who = (from: number): Column<Row> => ({ head: 'who', of: ({ who: one }) => hidden(one as string | null), from })

const events = (utc: boolean): Column<Row>[] => [
  time('occurred', 'occurredAt', utc),
  column('type', 'type'),
  column('event', 'id', { from: 100 }),
  column('source', 'source', { from: 120 }),
  who(0),
  column('message', 'messageId', { from: 160 }),
  { head: 'why', of: (row) => whyOf(row as never) },
]

export const COLUMNS = {
  deliveries: (utc: boolean): Column<Row>[] => [
    time('received', 'receivedAt', utc),
    column('id', 'id'),
    column('source', 'source'),
    { head: 'events', of: ({ events: count }) => (count === null ? '-' : textOf(count)), right: true },
    column('bytes', 'bytes', { right: true, from: 90 }),
    { head: 'remarks', of: ({ copies, ...row }) => remarksOf({ ...row, duplicates: copies } as never) },
  ],
  events,
  message: events,
  person: events,
  dead: (utc: boolean): Column<Row>[] => [
    time('since', 'since', utc, { from: 120 }),
    column('event', 'id'),
    column('handler', 'handler'),
    column('type', 'type', { from: 120 }),
    who(120),
    column('tries', 'attempts', { right: true }),
    { head: 'error', of: ({ error, message }) => toldOnce(textOf(error), textOf(message)) },
  ],
  quarantine: (utc: boolean): Column<Row>[] => [
    time('since', 'since', utc, { from: 120 }),
    ...itemColumns.map((one) => ({ ...one, of: (row: Row) => one.of(row as unknown as Quarantined) })),
  ],
  handlers: (utc: boolean): Column<Row>[] => [
    column('handler', 'name'),
    column('done today', 'doneDay', { right: true }),
    column('dead today', 'deadDay', { right: true }),
    column('orphaned', 'orphaned', { right: true }),
    time('last seen', 'seenAt', utc),
    {
      head: 'paused',
      of({ paused }) {
        const { by, since } = (paused ?? {}) as Partial<Pause>
        return by === undefined ? '' : `${byWhom(by)} since ${at(since, utc)}`
      },
    },
  ],
  senders: (utc: boolean): Column<Row>[] => [
    column('source', 'source'),
    column('sender', 'provider'),
    { head: 'last delivery', of: ({ lastAt }) => at(lastAt, utc) || 'never' },
    column('state', 'level'),
  ],
} satisfies Record<string, (utc: boolean) => Column<Row>[]>
