import type { LastUse, StoredAction, TallyRow, TallyWindow } from '../../../ports/inbox/look.ts'
import type { Memo } from '../../../ports/inbox/memos.ts'
import type { Retention } from '../../../ports/inbox/opening.ts'
import type { EventProgress, HistoryRow, StoredStats } from '../../../ports/inbox/records.ts'
import type { StoredDeadLetter, StoredDelivery, StoredQuarantine } from '../../../ports/inbox/rows.ts'
import type { BriefAnswer, BriefRequest } from './compact.ts'
import type {
  Failure,
  FileAnswer,
  FileCommand,
  FirstSeenRequest,
  HistoryStretch,
  ItemAnswer,
  OpenAnswer,
  OpenRequest,
  StoredRead,
  Stretch,
  StretchRequest,
} from './protocol.ts'

/** Every call, with its request and its answer. `now` is the time of the opening's clock. */
export interface Calls {
  open: [OpenRequest, OpenAnswer]
  group: [BriefRequest, BriefAnswer]
  /** In the order of the request. */
  read: [readonly number[], readonly StoredRead[]]
  find: [string, StoredRead | null]
  stats: [{ readonly now: number }, StoredStats]
  deliveries: [StretchRequest, Stretch<StoredDelivery & { readonly bytes: number }>]
  deadLetters: [StretchRequest, Stretch<StoredDeadLetter>]
  quarantine: [StretchRequest, Stretch<StoredQuarantine>]
  history: [HistoryStretch, Stretch<HistoryRow>]
  progress: [{ readonly deliveryId: string; readonly index: number }, EventProgress | null]
  tallies: [TallyWindow, readonly TallyRow[]]
  seen: [null, readonly LastUse[]]
  actions: [number, readonly StoredAction[]]
  /** By its name. */
  memo: [string, Memo | null]
  handlers: [null, ReadonlyArray<{ readonly name: string; readonly seenAt: number }>]
  /** Reopens what was lost and writes a little, to see whether the store works. */
  probe: [null, { readonly shortage: string | null }]
  close: [{ readonly now: number }, null]
  /** See `EventKeyStore.firstSeen`. */
  firstSeen: [FirstSeenRequest, readonly number[]]

  /** From here on looks at a file that another process may own, or, `isBeside`, another thread of this one. */
  look: [
    { readonly now: number; readonly isBeside?: boolean },
    { readonly stats: StoredStats; readonly warnings: readonly string[] },
  ]
  /** Leaves a wish for the owner; answers its id. */
  wish: [{ readonly now: number; readonly command: FileCommand }, number]
  /** The result of a wish, which is then removed; null while there is none. */
  result: [number, ItemAnswer<FileAnswer> | null]
  /** Takes a wish back; false: it was carried out already. */
  withdraw: [number, boolean]
  /** Where nobody owns the file: owns it for a moment and carries out the wishes. */
  fulfil: [{ readonly now: number; readonly retention: Retention | undefined }, null]
  /** Copies the file to this path; answers the bytes of the copy. */
  backup: [string, number]
}

export type CallName = keyof Calls

export type ToThread = {
  [K in CallName]: { readonly id: number; readonly name: K; readonly request: Calls[K][0] }
}[CallName]

export type FromThread =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: Failure }
