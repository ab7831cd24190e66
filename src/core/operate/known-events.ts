/** Which events of a source are stored: for who fetches events from the sender and puts in those that are missing. */
import { digestPair } from '../../lib/digest-pair.ts'
import type { Provider, Reading, Unreadable } from '../../ports/provider.ts'
import type { KeyedElement, KnownEvents, RepairDoor } from '../../ports/repair-door.ts'
import type { InboxControl } from '../../public/inbox.ts'
import { readElement, readSlice, scanBody } from '../read/elements.ts'
import { occurredOf } from '../read/occurred.ts'
import { type ReadParts, readAgain } from '../read/read-again.ts'

export interface DoorParts extends ReadParts {
  readonly control: Pick<InboxControl, 'deliveries'>
  readonly bodiesMs: number
  now(): number
}

export function createRepairDoor(parts: DoorParts): RepairDoor {
  return {
    bodiesMs: parts.bodiesMs,
    now: parts.now,
    known: (source, sinceMs, signal) => knownEvents(parts, source, sinceMs, signal),
    read: (source, text) => keyedElements(parts, source, text),
  }
}

async function knownEvents(
  parts: DoorParts,
  source: string,
  sinceMs: number,
  signal: AbortSignal | undefined,
): Promise<KnownEvents> {
  const keys = new Set<string>()
  let incomplete = 0
  for await (const { id, kept } of parts.control.deliveries({ source, since: new Date(sinceMs) })) {
    if (signal?.aborted) break
    if (kept !== 'all') incomplete++
    await readAgain(
      parts,
      id,
      (reading, _, { provider }) => {
        for (const key of keysOf(provider, reading)) keys.add(key)
      },
      { signal },
    )
  }
  return { keys, incomplete }
}

/** As the delivery would be read that this text is put in as. */
async function keyedElements(parts: DoorParts, source: string, text: string): Promise<readonly KeyedElement[]> {
  const provider = parts.provider(source)
  const body = Buffer.from(text)
  const scan = provider === undefined ? '' : await scanBody({ body, undecoded: null }, parts.pacer, provider.ids)
  if (provider === undefined || typeof scan === 'string') return []
  const found: KeyedElement[] = []
  for (let at = 0; at < scan.count; at++) {
    const [element] = readSlice(body, scan, at, at + 1)
    found.push(keyed(provider, readElement(provider, element), parts.now()))
    if (parts.pacer.spent()) await parts.pacer.breathe()
  }
  return found
}

function keyed(provider: Provider, reading: Reading | Unreadable, now: number): KeyedElement {
  if ('unreadable' in reading) return { keys: [], occurredAtMs: null }
  return { keys: keysOf(provider, reading), occurredAtMs: occurredOf(reading, now)[0] }
}

/** The sender's own id, else its fingerprints, of today's recipe and of earlier ones; none where it has neither. */
function keysOf(provider: Provider, reading: Reading | Unreadable): readonly string[] {
  if ('unreadable' in reading) return []
  const { nativeType, senderEventId } = reading
  const words =
    senderEventId === null
      ? (provider.fingerprints?.(reading) ?? []).map((one) => ['fingerprint', one])
      : [['id', nativeType, senderEventId]]
  return words.map((word) => digestPair(JSON.stringify(word)).join())
}
