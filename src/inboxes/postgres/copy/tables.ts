/** Where each row of a copy goes, and how what has arrived is compared with what was sent. */
import type { CopiedRows, CopiedTable } from '../../../ports/inbox/copied.ts'

export type Value = string | number | boolean | null | Uint8Array

export interface Target<Row> {
  readonly table: string
  /** With their types. */
  readonly columns: Readonly<Record<string, string>>
  values(row: Row): readonly Value[]
}

const STATES = { waiting: 0, parked: 1, unread: 2 } as const

/** The tables that take rows as they come; deliveries have a file of their own. */
export const TARGETS: { readonly [T in Exclude<CopiedTable, 'deliveries'>]: Target<CopiedRows[T]> } = {
  work: {
    table: 'work',
    columns: {
      ...{ id: 'int8', seq: 'int8', source: 'text', handler: 'text', first: 'int4', last: 'int4', attempts: 'int4' },
      ...{ due_at: 'float8', state: 'int2', order_key: 'int8', careful: 'bool', errors: 'text', run: 'text' },
      ...{ only_name: 'text', only_unhandled: 'bool' },
    },
    values: (row) => [
      ...[row.id, row.seq, row.source, row.handler, row.first, row.last, row.attempts, row.dueAt, STATES[row.state]],
      ...[row.orderKey, row.careful, row.errors, row.run, asJson(row.onlyName), row.onlyUnhandled],
    ],
  },
  deadLetters: {
    table: 'dead_letter',
    columns: {
      ...{
        id: 'int8',
        seq: 'int8',
        handler: 'text',
        element_index: 'int4',
        attempts: 'int4',
        at: 'float8',
        size: 'int4',
      },
      ...{ redeliveries: 'int4', run: 'text', errors: 'text', element: 'bytea' },
    },
    values: (row) => [
      ...[row.id, row.seq, row.handler, row.index, row.attempts, row.at, row.size],
      ...[row.redeliveries, row.run, row.errors, row.element],
    ],
  },
  quarantine: {
    table: 'quarantine',
    columns: { id: 'int8', seq: 'int8', element_index: 'int4', at: 'float8', what: 'text' },
    values: ({ id, seq, index, at, reason, path, kind }) => [
      ...[id, seq, index, at, JSON.stringify([reason, path, kind ?? null])],
    ],
  },
  progress: {
    table: 'progress',
    columns: { seq: 'int8', work_id: 'int8', part: 'int4', reached: 'text', ends: 'text' },
    values: ({ seq, work, part, what }) => [
      ...[seq, work ?? 0, part ?? -1, part === null ? what : null, part === null ? null : what],
    ],
  },
  deaths: {
    table: 'death',
    columns: { seq: 'int8', element_index: 'int4', handler: 'text', times: 'int4' },
    values: ({ seq, index, handler, times }) => [seq, index, handler, times],
  },
  eventKeys: {
    table: 'event_key',
    columns: { width: 'int8', slice: 'int8', high: 'int8', low: 'int8', seq: 'int8' },
    values: ({ width, slice, high, low, seq }) => [width, slice, high, low, seq],
  },
  handlers: {
    table: 'handler',
    columns: { name: 'text', seen_at: 'float8', ordered: 'bool' },
    values: ({ name, seenAt, ordered }) => [name, seenAt, ordered],
  },
  pauses: {
    table: 'pause',
    columns: { handler: 'text', reason: 'text', since: 'float8' },
    values: ({ handler, reason, since }) => [handler, reason, since],
  },
  cancelledRuns: { table: 'run', columns: { id: 'text' }, values: ({ id }) => [id] },
  counts: {
    table: 'counter',
    columns: { kind: 'text', name: 'text', n: 'int8' },
    values: ({ kind, name, n }) => [kind, JSON.stringify(name), n],
  },
}

const asJson = (text: string | null) => (text === null ? null : JSON.stringify(text))

export interface Columns {
  readonly table: string
  readonly columns: Readonly<Record<string, string>>
}

export const DELIVERY: Columns = {
  table: 'delivery',
  columns: {
    ...{ seq: 'int8', hash: 'uuid', id: 'text', source: 'text', batch_id: 'text', is_test: 'bool', sha256: 'bytea' },
    ...{ received_at: 'float8', size: 'int4', coding: 'int2', meta: 'text' },
  },
}
export const KEY: Columns = {
  table: 'key',
  columns: { hash: 'uuid', seq: 'int8', sha256: 'bytea', duplicates: 'int4', sender_left: 'bool' },
}
export const KEY_OTHER: Columns = { ...KEY, table: 'key_other' }
export const BODY: Columns = { table: 'body', columns: { seq: 'int8', body: 'bytea' } }
export const ALTERED: Columns = {
  table: 'altered',
  columns: { seq: 'int8', sha256: 'bytea', size: 'int4', taken: 'bool' },
}
export const SETTLED: Columns = {
  table: 'settled',
  columns: { seq: 'int8', owner: 'int8', events: 'int4', set_id: 'int4' },
}
export const PASS: Columns = {
  table: 'pass',
  columns: { seq: 'int8', source: 'text', size: 'int4', set_id: 'int4', careful: 'bool' },
}
