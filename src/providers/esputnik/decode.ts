/** From one parsed element of a body to a reading. Private. */
import type { Reading, Unreadable } from '../../core/ports.ts'
import { isObject } from '../../lib/guards.ts'
import type { Check } from '../../lib/problem.ts'
import type { WallClock } from '../../lib/zoned-time.ts'
import { catalogue, type Status } from './catalogue.ts'
import { normalise, normaliseUnknown, READERS, type Reader } from './normalise.ts'
import { checks, idsToStrings } from './validate.generated.ts'

const NOT_AN_OBJECT: Unreadable = Object.freeze({ unreadable: 'expected object', path: '' })

interface Activity {
  readonly name: string
  readonly status: Status
  readonly check: Check
  readonly read: Reader
}

const KNOWN: ReadonlyMap<string, Activity> = new Map(
  Object.entries(catalogue).map(([name, { schema: status }]) => [status as string, activityOf(name, status)] as const),
)

function activityOf(name: string, status: Status): Activity {
  return { name, status, check: checks[status], read: READERS[status] }
}

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
    : normalise(known.name, known.status, known.read, element, clock)
}
