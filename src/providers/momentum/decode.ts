/** From one parsed element of a body to the object of its event. Private. */

import { isObject } from '../../lib/guards.ts'
import type { Unreadable } from '../../ports/provider.ts'
import { BY_CLASS, BY_PUBLIC_TYPE, BY_TYPE, type Native } from './natives.ts'

export interface Decoded {
  /** null: a class or type we do not know. */
  readonly native: Native | null
  readonly nativeType: string
  readonly wire: Record<string, unknown>
  /** The type is of another class than the one it came in. */
  readonly misplaced: boolean
  /** The keys that lead to `wire` in the element: `msys` or none, and the class or none. */
  readonly above: 'msys' | null
  readonly key: string | null
}

/**
 * The class says where the event is, its type what it is: `list_unsubscribe`, `generation_failure`, `open` and
 * `spam_complaint` were seen in `message_event`. A type that one class alone has is read as that wherever it stands, as
 * django-anymail does.
 *
 * Finds the event in `{"msys":{"<class>":{…}}}`, `{"<class>":{…}}` or the bare event with its `type`. Momentum's and
 * SparkPost's documents know the first shape; a consumer in production takes all three (Momentum-Webhook-Ingest).
 * Keys beside `msys` are passed over (`"cust":{"id":"…"}` was seen, django-anymail, 2016).
 *
 * Two events in one element are unreadable: it has one id and one place in its delivery, so reading either of them
 * would lose the other.
 */
export function decode(element: unknown): Decoded | Unreadable {
  if (!isObject(element)) return unreadable('expected object', '')
  const { msys, type } = element
  if (msys !== undefined) return isObject(msys) ? fromMsys(msys) : unreadable('expected object', '/msys')
  if (typeof type === 'string' && type !== '') return decoded(BY_TYPE.get(type) ?? null, type, element, null, null)
  const found = findClass(element)
  if (found !== null) return fromClass(element, found, null)
  // The answer of SparkPost's samples endpoint, which wraps what a post has (SparkPost API, event webhooks, 2026).
  if (Array.isArray(element.results))
    return unreadable(
      'expected an event, found results: likely an answer of the API, whose results are what a post has',
      '/results',
    )
  return unreadable('expected msys, an event class or a type', '')
}

/** `{"msys":{}}` is the vendor's test POST. An unknown class is kept, and so is what is no class at all. */
function fromMsys(msys: Record<string, unknown>): Decoded | Unreadable {
  const found = findClass(msys)
  if (found !== null) return fromClass(msys, found, 'msys')
  const keys = Object.keys(msys)
  const [key = ''] = keys
  const inner = msys[key]
  return keys.length === 1 && isObject(inner)
    ? decoded(null, key, inner, 'msys', key)
    : decoded(null, 'msys', msys, 'msys', null)
}

const SEVERAL = Symbol('several')

/** The one key that is a class we know, or whose value looks like an event. */
function findClass(holder: Record<string, unknown>): string | typeof SEVERAL | null {
  let found: string | null = null
  for (const key in holder) {
    if (typesOf(key) === undefined && !looksLikeEvent(holder[key])) continue
    if (found !== null) return SEVERAL
    found = key
  }
  return found
}

function looksLikeEvent(value: unknown): boolean {
  return isObject(value) && typeof value.type === 'string'
}

type Holder = Record<string, unknown>

function fromClass(holder: Holder, found: string | typeof SEVERAL, above: Decoded['above']): Decoded | Unreadable {
  if (found === SEVERAL) return unreadable('expected one event, found several', pointerOf(above, null))
  const wire = holder[found]
  if (!isObject(wire)) return unreadable('expected object', pointerOf(above, found))
  const type = typeof wire.type === 'string' ? wire.type : ''
  const native = typesOf(found)?.get(found === 'relay_message' ? '' : type) ?? null
  if (native !== null) return decoded(native, native.nativeType, wire, above, found)
  const elsewhere = BY_PUBLIC_TYPE.get(type) ?? null
  const nativeType = type === '' ? found : `${found}.${type}`
  return { native: elsewhere, nativeType, wire, above, key: found, misplaced: elsewhere !== null && !isAdaptive(type) }
}

// The events of a batch are of few classes, one after the other.
let [knownClass, knownTypes] = ['', BY_CLASS.get('')]

function typesOf(nativeClass: string): ReadonlyMap<string, Native> | undefined {
  if (nativeClass !== knownClass) [knownClass, knownTypes] = [nativeClass, BY_CLASS.get(nativeClass)]
  return knownTypes
}

// The class of `ad_status` and `ad_adjust` is not documented; `adaptive_event` is a guess from the Ingest API.
const isAdaptive = (type: string): boolean => BY_CLASS.get('adaptive_event')?.has(type) === true

function decoded(
  native: Native | null,
  nativeType: string,
  wire: Holder,
  above: Decoded['above'],
  key: string | null,
): Decoded {
  return { native, nativeType, wire, above, key, misplaced: false }
}

function unreadable(reason: string, path: string): Unreadable {
  return { unreadable: reason, path }
}

/** The JSON pointer (RFC 6901) to `wire`. */
export function pointerOf(above: Decoded['above'], key: string | null): string {
  const own = key === null ? '' : `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
  return above === null ? own : `/${above}${own}`
}
