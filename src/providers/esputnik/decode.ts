/** From one parsed element of a body to a reading. Private. */

import { isObject } from '../../lib/guards.ts'
import type { Reading, Unreadable } from '../../ports/provider.ts'
import { byWord } from '../kit/catalogue.ts'
import type { WallClock } from '../kit/zoned-time.ts'
import { catalogue } from './catalogue.ts'
import { normalise, normaliseUnknown, READERS } from './normalise.ts'
import { checks, idsToStrings } from './validate.generated.ts'

const NOT_AN_OBJECT: Unreadable = Object.freeze({ unreadable: 'expected object', path: '' })

const KNOWN = byWord(catalogue, checks, READERS)

/**
 * Reads one element; `clock` is the one on the sender's wall. Its identifiers become strings in place: it is ours,
 * freshly parsed. Never throws.
 */
export function decode(element: unknown, clock: WallClock): Reading | Unreadable {
  if (!isObject(element)) return NOT_AN_OBJECT
  const known = typeof element.activityStatus === 'string' ? KNOWN.get(element.activityStatus) : undefined
  const problem = known?.check(element)
  if (problem) return { unreadable: problem.reason, path: problem.path }
  idsToStrings(element)
  return known === undefined
    ? normaliseUnknown(element, clock)
    : normalise(known.name, known.word, known.read, element, clock)
}
