/** When an event happened, as far as its sender's clock can be believed. */

import type { Reading } from '../../ports/provider.ts'
import type { EventBase } from '../../types.ts'

const YEAR_2000 = Date.UTC(2000, 0, 1)
const YEAR_MS = 366 * 86_400_000

type Occurred = readonly [atMs: number, from: EventBase['occurredAtFrom']]

/**
 * A time before the year 2000 or more than a year after the receipt is none: of these senders none is older, and their
 * events come hours late, not early. A provider reads a number as seconds, as all of them document; one that is such a
 * time only as milliseconds is read as those. The receipt and not the clock of now decides, so that an event that is read
 * again, years later, has the same time.
 */
export function occurredOf({ occurredAt, occurredAtFrom }: Reading, receivedAt: number): Occurred {
  const isTime = (ms: number) => ms >= YEAR_2000 && ms <= receivedAt + YEAR_MS
  if (occurredAt === null) return [receivedAt, 'received']
  if (isTime(occurredAt)) return [occurredAt, occurredAtFrom]
  const fromMs = Math.round(occurredAt / 1_000)
  return isTime(fromMs) ? [fromMs, 'sender-milliseconds'] : [receivedAt, 'received']
}
