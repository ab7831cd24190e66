/** Looking through stored bytes for what names a person: the same reading as when they are handled, without handlers. */
import { elementBytes, endOf, parseElement, startOf } from '../../json/slices.ts'
import type { StoredDeadLetter, StoredDelivery } from '../../ports/inbox/rows.ts'
import type { Provider } from '../../ports/provider.ts'
import type { AnyEvent } from '../../types.ts'
import type { Pacer } from '../base/pacer.ts'
import { Broken, readElement, readSlice, scanBody, slices } from '../read/elements.ts'
import { deliveryFacts, toEvent } from '../read/event.ts'
import { NOT_JSON } from '../read/unreadable.ts'
import type { Person } from './person.ts'

export interface SearchParts {
  readonly pacer: Pacer
  provider(source: string): Provider | undefined
}

/** An element about the person. */
export interface Found {
  readonly index: number
  /** The element as received. */
  readonly raw: Uint8Array
  /** null: it cannot be read. */
  readonly event: AnyEvent | null
}

/** What a delivery has of the person: elements; or its bytes as such, of which no elements can be made. */
export type Match =
  | { readonly kind: 'elements'; readonly found: readonly Found[] }
  | { readonly kind: 'whole' }
  /** Nobody can say: its content coding could not be undone. */
  | { readonly kind: 'closed' }

const RAW_BYTES = 256 << 10
/** No address is longer (RFC 5321, section 4.5.3.1). */
const OVERLAP = 512

export async function searchDelivery(parts: SearchParts, delivery: StoredDelivery, person: Person): Promise<Match> {
  const { pacer } = parts
  const scan = await scanBody(delivery, pacer)
  if (typeof scan === 'string') return searchRaw(parts, delivery, person)
  const found: Found[] = []
  for (const [from, to] of slices(scan)) {
    const bytes = delivery.body.subarray(startOf(scan, from), endOf(scan, to - 1))
    const elements = person.mayBeIn(bytes) ? readSlice(delivery.body, scan, from, to) : []
    for (const [i, element] of elements.entries()) {
      const raw = elementBytes(delivery.body, scan, from + i)
      const one = searchElement(parts, delivery, { element, raw, index: from + i, size: scan.count }, person)
      if (one !== null) found.push(one)
    }
    if (pacer.spent()) await pacer.breathe()
  }
  return { kind: 'elements', found }
}

/** In the dead letter's own copy of its element. */
export function searchDeadLetter(parts: SearchParts, letter: StoredDeadLetter, person: Person): Found | null {
  const { delivery, element: raw, index, size } = letter
  return searchElement(parts, delivery, { element: parsed(raw), raw, index, size }, person)
}

interface ElementRef {
  readonly element: unknown
  readonly raw: Uint8Array
  readonly index: number
  readonly size: number
}

function searchElement(
  parts: SearchParts,
  delivery: Omit<StoredDelivery, 'body'>,
  { element, raw, index, size }: ElementRef,
  person: Person,
): Found | null {
  const copy = () => new Uint8Array(raw)
  if (element instanceof Broken) return person.isInBytes(raw) ? { index, raw: copy(), event: null } : null
  if (!person.isNamedIn(element)) return null
  const provider = parts.provider(delivery.source)
  const reading = provider && readElement(provider, element)
  // Of what cannot be read nobody knows whom it is about.
  if (!reading || 'unreadable' in reading) return { index, raw: copy(), event: null }
  const own = provider.ownFields?.(reading) ?? []
  if (own.length > 0 && !person.isNamedIn(element, own)) return null
  return { index, raw: copy(), event: toEvent(deliveryFacts(provider.name, delivery, size), reading, index) }
}

function parsed(raw: Uint8Array): unknown {
  try {
    return parseElement(raw) ?? new Broken('the element cannot be told')
  } catch {
    return new Broken(NOT_JSON)
  }
}

async function searchRaw({ pacer }: SearchParts, delivery: StoredDelivery, person: Person): Promise<Match> {
  for (let from = 0; from < delivery.body.byteLength; from += RAW_BYTES) {
    if (person.isInBytes(delivery.body.subarray(from, from + RAW_BYTES + OVERLAP))) return { kind: 'whole' }
    if (pacer.spent()) await pacer.breathe()
  }
  return delivery.undecoded === null ? { kind: 'elements', found: [] } : { kind: 'closed' }
}
