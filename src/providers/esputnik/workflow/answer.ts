/** Answers, checked against what the template of a message can read. Private. */
import { OptionError } from '../../../errors.ts'
import { isObject } from '../../../lib/guards.ts'

/** `$data.get('WH5').get('promocode')`, `$data.WH5.promocode`: a name of Velocity. */
const SIMPLE = /^[A-Za-z][A-Za-z0-9_]*$/
const DEEPEST = 32

export interface CheckedAnswer {
  /** JSON. */
  readonly text: string
  /** What a template reads otherwise than it looks, each with the sentence for it; keys in it, no values. */
  readonly doubts: ReadonlyMap<string, string>
}

/**
 * A template reads an object, or the elements of a list of objects (docs.yespo.io, "Webhook Workflows", June 2025).
 * @throws OptionError for what is neither, or cannot be written as JSON
 */
export function checkAnswer(name: string, value: unknown): CheckedAnswer {
  const text = written(name, value)
  const read: unknown = JSON.parse(text)
  if (!isObject(read) && !(Array.isArray(read) && read.every(isObject)))
    throw new OptionError(`${name} must be an object, or a list of objects: a template reads nothing else`)
  const doubts = new Map<string, string>()
  look(value, 1, doubts)
  return { text, doubts }
}

function written(name: string, value: unknown): string {
  try {
    const text = JSON.stringify(value)
    if (text !== undefined) return text
  } catch {
    // A circle, a bigint, or a toJSON that throws.
  }
  throw new OptionError(`${name} cannot be written as JSON`)
}

function look(value: unknown, depth: number, doubts: Map<string, string>): void {
  if (typeof value === 'number') doubts.set('number', 'has a number: a template may print 12 as 12.0; make it text')
  if (value === null) doubts.set('null', 'has a null: a template prints its own expression; give every key a text')
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return
  if (isNothing(value, depth)) doubts.set('empty', EMPTY)
  for (const [key, inner] of Object.entries(value)) {
    if (!Array.isArray(value) && !SIMPLE.test(key)) doubts.set('key', NO_NAME)
    if (LEFT_OUT.includes(typeof inner)) doubts.set('undefined', MISSING)
    look(inner, depth + 1, doubts)
  }
}

/** Written as `{}`. An answer that is `{}` itself may be meant so: of a block whose answer nobody uses. */
function isNothing(value: object, depth: number): boolean {
  if (Array.isArray(value) || 'toJSON' in value || Object.keys(value).length > 0) return false
  return depth > 1 || Object.prototype.toString.call(value) !== '[object Object]'
}

const LEFT_OUT = ['undefined', 'function', 'symbol']
const NO_NAME = 'has a key that is no name: a template reads letters, digits and _, a letter first'
const MISSING = 'has an undefined or a function: the key is missing then; give every key a text'
const EMPTY = 'has an object without keys: a promise that is not awaited is written so, and a Map'
