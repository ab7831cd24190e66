/** What is the case now: read when somebody asks, once for all gauges. */
import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { StoredStats } from '../ports/inbox/records.ts'
import type { WatchDoor } from '../ports/watch-door.ts'
import type { MetricName } from './table.ts'
import { version } from './version.ts'

export interface Reading {
  readonly name: MetricName
  readonly labels: readonly string[]
  readonly value: number
}

const MOST_HANDLERS = 100
/** Of senders whose documents name no limit; most give up by then. */
const USUAL_LIMIT_MS = 10_000
/** Prometheus waits for ten seconds: an inbox that does not answer costs its own gauges, and not the whole scrape. */
const PATIENCE_MS = 5_000
/** Several gauges of one scrape, and several scrapers, share one look. */
const SHARED_MS = 1_000

const reading = (name: MetricName, value: number, ...labels: string[]): Reading => ({ name, labels, value })

/** Also keeps when each source had its last delivery; what came before the start the inbox has told. */
export class Now {
  readonly #door: WatchDoor
  readonly #lastAt = new Map<string, number>()
  readonly #off: () => void
  #readings: { readonly at: number; readonly read: Promise<readonly Reading[]> } | null = null

  constructor(door: WatchDoor) {
    this.#door = door
    this.#off = door.on('stored', ({ source }) => void this.#lastAt.set(source, door.now()))
  }

  end(): void {
    this.#off()
  }

  /** Never rejects. What cannot be told is left out. */
  read(): Promise<readonly Reading[]> {
    const at = this.#door.steady()
    if (this.#readings === null || at - this.#readings.at > SHARED_MS) this.#readings = { at, read: this.#read() }
    return this.#readings.read
  }

  async #read(): Promise<readonly Reading[]> {
    const door = this.#door
    const [stats, { ready }, files] = await Promise.all([
      within(door, door.stats(), null),
      within(door, door.ready(), { ready: false, reason: null }),
      within(door, filesOf(door.path()), []),
    ])
    return [
      ...(door.takesDeliveries ? [reading('posthorn_ready', Number(ready))] : []),
      reading('posthorn_info', 1, version, door.inboxKind, process.versions.sqlite ?? 'none', process.version),
      ...(stats === null ? [] : storedReadings(door, stats)),
      ...files,
      ...[...door.sources].map(([source, { ackLimitMs = USUAL_LIMIT_MS }]) =>
        reading('posthorn_ack_limit_seconds', ackLimitMs / 1_000, source),
      ),
      ...[...door.sources.keys()].flatMap((source) => this.#lastDelivery(source)),
      ...credentialReadings(door),
    ]
  }

  #lastDelivery(source: string): Reading[] {
    const ms = this.#lastAt.get(source) ?? this.#door.lastBefore(source)
    return ms === null ? [] : [reading('posthorn_last_delivery_timestamp_seconds', ms / 1_000, source)]
  }
}

/** Never rejects. */
function within<T>(door: WatchDoor, result: Promise<T>, otherwise: T): Promise<T> {
  return new Promise((resolve) => {
    const cancel = door.after(PATIENCE_MS, () => resolve(otherwise))
    const done = (value: T) => {
      cancel()
      resolve(value)
    }
    result.then(done, () => done(otherwise))
  })
}

function storedReadings(door: WatchDoor, stats: StoredStats): Reading[] {
  const { pending, pendingBytes, oldestPendingAt, deadLetters, quarantined, orphaned, paused } = stats
  const by = (handler: string) => paused.find((one) => one.handler === handler)?.by
  const handlers = [...new Set([...door.handlers(), ...paused.map(({ handler }) => handler)])].slice(0, MOST_HANDLERS)
  return [
    reading('posthorn_backlog_deliveries', pending),
    reading('posthorn_backlog_bytes', pendingBytes),
    ...(oldestPendingAt === null
      ? []
      : [reading('posthorn_backlog_oldest_timestamp_seconds', oldestPendingAt / 1_000)]),
    reading('posthorn_dead_letters', deadLetters),
    reading('posthorn_quarantine_items', quarantined),
    ...Object.entries(orphaned)
      .slice(0, MOST_HANDLERS)
      .map(([handler, rows]) => reading('posthorn_orphaned_rows', rows, handler)),
    ...handlers.flatMap((handler) =>
      ['hand', 'failures'].map((who) => reading('posthorn_handler_paused', Number(by(handler) === who), handler, who)),
    ),
  ]
}

function credentialReadings(door: WatchDoor): Reading[] {
  return Object.entries(door.credentials()).flatMap(([source, uses]) =>
    uses.flatMap(({ label, lastUsedAt, isLater }) =>
      lastUsedAt === null
        ? []
        : reading(
            'posthorn_credential_last_used_timestamp_seconds',
            lastUsedAt.getTime() / 1_000,
            ...[source, label ?? 'none', isLater ? 'later' : 'first'],
          ),
    ),
  )
}

/** What is no file, or cannot be seen, is left out. */
async function filesOf(path: string | null): Promise<Reading[]> {
  if (path === null) return []
  const size = (file: string, label: string) =>
    stat(file).then(
      ({ size: bytes }) => [reading('posthorn_inbox_bytes', bytes, label)],
      () => [],
    )
  const disk = statfs(dirname(path)).then(
    ({ bavail, blocks, bsize }) => [
      reading('posthorn_disk_free_bytes', bavail * bsize),
      reading('posthorn_disk_size_bytes', blocks * bsize),
    ],
    () => [],
  )
  return (await Promise.all([size(path, 'db'), size(`${path}-wal`, 'wal'), disk])).flat()
}
