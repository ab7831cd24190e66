/** From one element to a reading. Private. */

import { isObject } from '../../lib/guards.ts'
import type { Reading, Unreadable } from '../../ports/provider.ts'
import { CATEGORIES } from '../kit/catalogue.ts'
import type { Meaning } from '../kit/meaning.ts'
import type { Slots } from '../kit/slots.ts'
import { type Decoded, decode, pointerOf } from './decode.ts'
import { channelOf, recipientOf } from './recipient.ts'
import { F, fill, ids, SIZE } from './validate.generated.ts'
import { isVendorSample } from './vendor-samples.ts'
import { idOf, instantOf } from './wire.ts'

const MISPLACED = 'came in a class of events that has no such type, and was read by its type'
const UNKNOWN: Meaning = Object.freeze({ type: 'unknown', effect: 'none', details: null })
const NO_TAGS: readonly string[] = Object.freeze([])
const NO_METADATA = Object.freeze({})

// One for all: an array for each event would be most of what is allocated here. Empty whenever nothing is being read.
const SLOTS = new Array<unknown>(SIZE).fill(undefined)

/**
 * Reads one element. A known field of a wrong type makes it unreadable, an unknown class or type makes it
 * `momentum.unknown`. Identifiers become strings in place: the element is ours, freshly parsed. Never throws.
 */
export function read(element: unknown): Reading | Unreadable {
  try {
    const found = decode(element)
    return 'unreadable' in found ? found : readEvent(found, SLOTS)
  } catch {
    // What JSON.parse returns cannot bring this about: proxies, throwing getters and frozen objects can.
    return { unreadable: 'the element cannot be read', path: null }
  } finally {
    // Three times as fast as Array.prototype.fill on so few.
    for (let place = 0; place < SIZE; place++) SLOTS[place] = undefined
  }
}

function readEvent(
  { native, nativeType, wire, above, key, misplaced }: Decoded,
  slots: unknown[],
): Reading | Unreadable {
  const numbers = fill(slots, wire)
  const problem = native?.check(slots)
  // The words of the table, not those of the wire: a class there may be anything.
  if (problem)
    return { unreadable: `${native?.nativeType}: ${problem.reason}`, path: pointerOf(above, key) + problem.path }
  if (numbers) idsToStrings(wire, slots)
  if (native === null) return normalise('momentum.unknown', nativeType, UNKNOWN, wire, slots)
  const reading = normalise(native.name, nativeType, native.read(slots), wire, slots)
  return misplaced ? { ...reading, remark: MISPLACED } : reading
}

/** Numbers among the identifiers become strings, in the event and in its slots. Integers beyond 2^53 are so already. */
function idsToStrings(wire: Record<string, unknown>, slots: unknown[]): void {
  for (const [name, place] of ids) {
    const value = slots[place]
    if (typeof value !== 'number') continue
    slots[place] = String(value)
    wire[name] = slots[place]
  }
}

function normalise(
  name: string,
  nativeType: string,
  meaning: Meaning,
  payload: Record<string, unknown>,
  slots: Slots,
): Reading {
  const channel = channelOf(meaning.type, slots)
  const senderEventId = idOf(slots[F.event_id])
  const metadata = slots[F.rcpt_meta]
  return {
    name,
    nativeType,
    type: meaning.type,
    category: CATEGORIES[meaning.type],
    payload,
    senderEventId,
    occurredAt: instantOf(slots[F.timestamp]),
    occurredAtFrom: 'sender',
    recipient: recipientOf(channel, slots),
    channel,
    messageId: idOf(slots[F.message_id]),
    transmissionId: idOf(slots[F.transmission_id]),
    tags: tagsOf(slots[F.rcpt_tags]),
    metadata: isObject(metadata) ? metadata : NO_METADATA,
    effect: meaning.effect,
    isTest: isVendorSample(senderEventId, payload) || isProbe(nativeType, payload),
    details: meaning.details,
  }
}

/** The test POST `{"msys":{}}`, as an element of a batch. */
function isProbe(nativeType: string, payload: object): boolean {
  return nativeType === 'msys' && Object.keys(payload).length === 0
}

function tagsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length === 0) return NO_TAGS
  return value.every(isText) ? value : value.filter(isText)
}

const isText = (value: unknown): value is string => typeof value === 'string'
