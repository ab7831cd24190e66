/** What the parts of the dashboard hand to each other: rights, what a view is asked, what it shows. Exported in part. */
import type { watchDoor } from '../lib/symbols.ts'
import type { Action, DashboardLink } from '../ports/board.ts'
import type { Records } from '../ports/inbox/records.ts'
import type { WatchDoor } from '../ports/watch-door.ts'
import type { WithDesk } from '../public/desk.ts'
import type { InboxControl } from '../public/inbox.ts'
import type { Health, Metrics } from '../public/receiver.ts'
import type { AnyEvent } from '../types.ts'

export type { Access, Action } from '../ports/board.ts'

/** `Access` with its defaults. */
export interface Rights {
  readonly who: string
  readonly people: 'masked' | 'clear'
  readonly bytes: boolean
  readonly act: readonly Action[]
}

/** The looks of `receiver.inbox`: what changes something is not for views. */
export type LookControl = Pick<
  InboxControl,
  | 'stats'
  | 'tallies'
  | 'seen'
  | 'actions'
  | 'deliveries'
  | 'delivery'
  | 'deadLetters'
  | 'quarantine'
  | 'differences'
  | 'events'
  | 'message'
  | 'person'
  | 'event'
>

/**
 * The receiver as views see it. With `people: 'masked'` what it gives is masked already: a view cannot show what it was
 * never given, in whatever form it is asked for.
 */
export interface Looked {
  readonly inbox: LookControl
  health(): Promise<Health>
  metrics(): Metrics
  readonly [watchDoor]: WatchDoor
}

/** A receiver, as far as the dashboard needs it. */
export interface DashboardReceiver extends WithDesk {
  health(): Promise<Health>
  metrics(): Metrics
  readonly [watchDoor]: WatchDoor
}

/** One request for a view. */
export interface ViewRequest {
  readonly receiver: Looked
  /** As in the address: `view`, and what the view asks for. */
  readonly query: URLSearchParams
  readonly rights: Rights
  readonly now: Date
  /** Fires when the time of the view is over, or the reader has left: show what there is, with `partial`. */
  readonly signal: AbortSignal
  /** For the button of a verb: stands for the filter and the count that were shown. */
  token(verb: Action | 'stop', filter: string, matched: number): string
  /** The `key` of an address in URLs; null: the event has none. Also of masked events. */
  keyOf(event: AnyEvent): string | null
  /** The address of a `key`, for `inbox.person`; masked rights may look for it and are not to show it. null: no key of this inbox. */
  addressOf(key: string): string | null
  /** As `keyOf`, of the id of a message that could hold an address, or is too long to be shown; null: it needs none, or is masked. */
  messageKeyOf(event: AnyEvent): string | null
  /** The id of a message by its key; null: it is none of this inbox. */
  messageOf(key: string): string | null
  /** An address as these rights may see it. */
  shown(address: string): string
  /** To tools of the user: `{messageId}`, `{key}`, `{source}`, `{deliveryId}` are to be replaced, percent-encoded. */
  readonly links: readonly DashboardLink[]
  /**
   * These elements of a delivery, as JSON has them, by index; those that are no JSON are left out. Without the right
   * `bytes` with the kinds of their values alone.
   */
  elements(deliveryId: string, indexes: readonly number[]): Promise<ReadonlyMap<number, unknown>>
  /** Handlers that the inbox has known, those of other processes and times, too. */
  handlers(): ReturnType<Records['handlers']>
}

/** What a view shows, in each form in which it can be asked for. */
export interface Shown {
  readonly status: 200 | 400 | 404 | 503
  readonly view: string
  readonly title: string
  /** What `as=json` gives. */
  readonly data: unknown
  /** What stands around every view: verdict, counts, rights. In `as=json` it stands beside `data`, as `frame`. */
  readonly frame: unknown
  /** Where the list goes on, as the `after` of the next request; null: it has ended, or is no list. */
  readonly next: string | null
  /** What was looked at, where not everything was: "12 of 40 deliveries, back to 02:10"; null: everything. */
  readonly partial: string | null
  /** The whole document. */
  page(): string
  /** For CSV and NDJSON; absent: the view has no such form. */
  readonly rows?: readonly Record<string, unknown>[]
}

/** A verb that was asked for and not yet confirmed: what it would do. */
export interface Plan {
  readonly verb: Action
  /** In words; of a person the key, never the address. */
  readonly filter: string
  /** Other fields of the form, to be sent again: `to`, `rate`, `copies`. */
  readonly fields: Readonly<Record<string, string>>
  readonly matched: number
  /** What the dry run counted beside that: `unreadable`, `deliveries`, `closed`. */
  readonly counts: Readonly<Record<string, number>>
  /** Since the first dry run more matches: what was shown then. null: this is the first. */
  readonly before: number | null
  /** To be sent with the form, as `token`. */
  readonly token: string
  /** What has to be typed, as `confirm`; null: nothing. */
  readonly confirm: string | null
}

/** What became of a verb that was confirmed. */
export interface Progress {
  readonly run: string
  readonly verb: Action
  readonly filter: string
  readonly state: 'running' | 'done' | 'stopped' | 'failed'
  readonly matched: number
  readonly done: number
  readonly startedAt: Date
  readonly endedAt: Date | null
  /** Why it failed, in words without an address; else null. */
  readonly error: string | null
  /** The id of a replay, once it has begun: what is left of it is given up by that. */
  readonly replay: string | null
  /** What was stopped, or failed, goes on with this form; null: with none. */
  readonly again: { readonly filter: string; readonly fields: Readonly<Record<string, string>> } | null
}

/** Why somebody who was let in is not answered as asked. */
export interface RefusalRequest extends Pick<ViewRequest, 'query' | 'rights' | 'now'> {
  readonly status: number
  readonly code: string
  readonly message: string
  /** A form was sent, not a page asked for. */
  readonly isPosted: boolean
  /** The inbox does not answer, and may later. */
  readonly isClosed: boolean
}

/** What `views/index.ts` exports. */
export interface Views {
  show(request: ViewRequest): Promise<Shown>
  /** The page of a dry run, `view: 'confirm'`; its status is 200, the answer may be another one. */
  confirm(request: ViewRequest, plan: Plan): Shown
  /** Looks at what stands around a page, for pages that do not wait for it themselves. */
  look(request: ViewRequest): Promise<void>
  /** The page of a run, `view: 'run'`. */
  run(request: ViewRequest, progress: Progress): Shown
  /** The document of a refusal, for which nothing is read. */
  refusal(watch: WatchDoor, request: RefusalRequest): string
  /** By `name-hash`. */
  readonly assets: ReadonlyMap<string, { readonly type: string; readonly bytes: Uint8Array; readonly gzip: boolean }>
}
