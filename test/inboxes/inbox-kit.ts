/** What the tests of inboxes are written with: deliveries, settlements, a clock and a logger that is read. */
import { createHash } from 'node:crypto'
import { port } from '../../src/lib/symbols.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Claim } from '../../src/ports/inbox/claims.ts'
import type { Inbox, InboxPort } from '../../src/ports/inbox/index.ts'
import type { NewDelivery } from '../../src/ports/inbox/intake.ts'
import type { InboxOpened, InboxOpening } from '../../src/ports/inbox/opening.ts'
import type { Page } from '../../src/ports/inbox/records.ts'
import type { NewWorkRow, StoredError } from '../../src/ports/inbox/rows.ts'
import type { Logger } from '../../src/types.ts'
import { TestInbox, type TestRequest, type TestSettlement } from './test-inbox.ts'

export const START = Date.UTC(2026, 0, 1)

/** A clock that stands until it is moved. */
export interface HandClock extends Clock {
  advance(ms: number): void
}

export function handClock(): HandClock {
  let now = START
  const timers = new Set<{ readonly at: number; readonly run: () => void }>()
  const earliest = (end: number) => [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
  return {
    now: () => now,
    steady: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    advance(ms) {
      const end = now + ms
      for (let timer = earliest(end); timer; timer = earliest(end)) {
        timers.delete(timer)
        now = timer.at
        timer.run()
      }
      now = end
    },
  }
}

export interface KeptLines extends Logger {
  readonly lines: { readonly level: 'info' | 'warn' | 'error'; readonly facts: object; readonly message: string }[]
}

export function keptLines(): KeptLines {
  const lines: KeptLines['lines'] = []
  const keep = (level: 'info' | 'warn' | 'error') => (facts: object, message: string) =>
    void lines.push({ level, facts, message })
  return { lines, info: keep('info'), warn: keep('warn'), error: keep('error') }
}

export function portOf(inbox: Inbox): TestInbox {
  return new TestInbox(inbox[port])
}

export function sha256(body: Uint8Array): Uint8Array {
  return createHash('sha256').update(body).digest()
}

/** A delivery whose id follows from `name`; its body is the name unless given. */
export function newDelivery(name: string, changes: Partial<NewDelivery> = {}): NewDelivery {
  const body = changes.body ?? new TextEncoder().encode(`[{"name":"${name}"}]`)
  return {
    id: `d_${name}`,
    source: 'shop',
    batchId: `batch-${name}`,
    sha256: sha256(body),
    body,
    receivedAt: START,
    headers: [['content-type', 'application/json']],
    credential: null,
    isTest: false,
    origin: 'wire',
    undecoded: null,
    traceparent: null,
    ...changes,
  }
}

/** The end of a first pass that went well, or what `changes` say. */
export function firstPass(seq: number, changes: Partial<TestSettlement> = {}): TestSettlement {
  return {
    seq,
    firstPass: true,
    events: 1,
    endedRows: [],
    rows: [],
    dead: [],
    quarantined: [],
    unhandled: {},
    ...changes,
  }
}

/** The end of work on the rows of a claim. */
export function retried(claim: Claim, changes: Partial<TestSettlement> = {}): TestSettlement {
  const endedRows = (claim.rows ?? []).map((row) => row.id)
  return { ...firstPass(claim.delivery.seq), firstPass: false, events: null, endedRows, ...changes }
}

export function row(handler: string, dueAt: number, changes: Partial<NewWorkRow> = {}): NewWorkRow {
  return { handler, first: 0, last: 0, attempts: 1, dueAt, errors: [], replay: null, orderKey: null, ...changes }
}

export function failure(message: string): StoredError {
  return { attempt: 1, at: START, name: 'Error', message, code: null }
}

export const everything: Page = { before: null, limit: 1_000 }

export interface Opened {
  readonly inbox: TestInbox
  readonly opened: InboxOpened
  readonly clock: HandClock
  readonly logger: KeptLines
  /** Claims for the handlers it was opened with, without limits unless given. */
  claim(limits?: Partial<TestRequest>): Promise<readonly Claim[]>
  nextDueAt(): Promise<number | null>
}

type Names = ReadonlyArray<string | InboxOpening['handlers'][number]>

export async function openWith(
  given: InboxPort | TestInbox,
  names: Names,
  clock = handClock(),
  logger = keptLines(),
  changes: Partial<InboxOpening> = {},
): Promise<Opened> {
  const inbox = given instanceof TestInbox ? given : new TestInbox(given)
  const handlers = names.map((name) => (typeof name === 'string' ? { name, formerly: [] } : name))
  const opened = await inbox.open({ handlers, logger, clock, role: 'owner', onRedelivery: 'record', ...changes })
  const asked = handlers.map((handler) => handler.name)
  const request = { handlers: asked, maxDeliveries: 1_000, maxBytes: 1e9 }
  return {
    inbox,
    opened,
    clock,
    logger,
    claim: async (limits) => (await inbox.claim({ ...request, ...limits })).claims,
    nextDueAt: async () => (await inbox.claim({ ...request, maxDeliveries: 0 })).nextDueAt,
  }
}

export const seqsOf = (claims: readonly Claim[]) => claims.map((claim) => claim.delivery.seq)
