/** From one parsed element of a body to a reading. Private. */
import type { Reading, Unreadable } from '../../core/ports.ts'
import { isObject } from '../../lib/guards.ts'
import type { Check } from '../../lib/problem.ts'
import { catalogue, type EventWord } from './catalogue.ts'
import { normalise, normaliseUnknown, READERS, type Reader } from './normalise.ts'
import { checks, idsToStrings } from './validate.generated.ts'

const NOT_AN_OBJECT: Unreadable = Object.freeze({ unreadable: 'expected object', path: '' })

interface Known {
  readonly name: string
  readonly word: EventWord
  readonly check: Check
  readonly read: Reader
}

const KNOWN: ReadonlyMap<string, Known> = new Map(
  Object.entries(catalogue).map(([name, { schema: word }]) => [word as string, knownBy(name, word)] as const),
)

function knownBy(name: string, word: EventWord): Known {
  return { name, word, check: checks[word], read: READERS[word] }
}

/** Reads one element. Its identifiers become strings in place: it is ours, freshly parsed. Never throws. */
export function decode(element: unknown): Reading | Unreadable {
  if (!isObject(element)) return NOT_AN_OBJECT
  const known = typeof element.event === 'string' ? KNOWN.get(element.event) : undefined
  const problem = known?.check(element)
  if (problem) return { unreadable: problem.reason, path: problem.path }
  idsToStrings(element)
  return known === undefined
    ? normaliseUnknown(element)
    : normalise(known.name, known.word, known.read(element), element)
}
