/** What is stored of the errors of one event and handler: at most 4 kB as JSON, whatever the handler throws. */
import { inspect } from 'node:util'
import { codeIn } from '../../lib/code-of.ts'
import { framesOf } from '../../lib/frames.ts'
import type { StoredCause, StoredError } from '../../ports/inbox/rows.ts'
import { framesOfHandler } from '../call/call-frame.ts'

/** All attempts of one event and handler, as JSON. */
const MOST_BYTES = 4_096
const MOST_ATTEMPTS = 10
const LONGEST_MESSAGE = 1_000
const LONGEST_WORD = 200
/** Of causes and inner errors: how deep, how many at each place, and how many of one attempt in all. */
const [DEEPEST, MOST_INNER, MOST_OF_ALL] = [4, 5, 20]

/**
 * The history with one more attempt. The first and the latest attempt keep stacks, causes and inner errors; of more than
 * ten attempts the first and the latest nine are kept.
 */
export function withError(before: readonly StoredError[], error: unknown, attempt: number, at: number): StoredError[] {
  const all = [...before, storedError(error, attempt, at)]
  const kept = all.length <= MOST_ATTEMPTS ? all : [all[0] as StoredError, ...all.slice(1 - MOST_ATTEMPTS)]
  const ends = kept.map((one, place) => (place === 0 || place === kept.length - 1 ? one : brief(one)))
  return shortenedToFit(ends)
}

/** Handlers throw anything: objects without a message, texts, objects whose `toString` throws. */
export function storedError(error: unknown, attempt: number, at: number): StoredError {
  return { attempt, at, ...causeOf(error, 0, { left: MOST_OF_ALL }) }
}

/** So many more may be looked at: errors can hold each other in any number. */
interface Budget {
  left: number
}

function causeOf(error: unknown, depth: number, budget: Budget): StoredCause {
  try {
    const { name, message, stack } = (error ?? {}) as { name?: unknown; message?: unknown; stack?: unknown }
    const code = codeIn(error) ?? null
    const text = typeof message === 'string' ? message : withoutMessage(error)
    const kind = typeof name === 'string' ? name : typeof error
    const frames = typeof stack === 'string' ? framesOfHandler(framesOf(stack, text)).join('\n') : ''
    return {
      name: kind.slice(0, LONGEST_WORD),
      message: text.slice(0, LONGEST_MESSAGE),
      code: code === null ? null : String(code).slice(0, LONGEST_WORD),
      ...(frames === '' ? {} : { stack: frames }),
      ...(depth < DEEPEST ? innerOf(error, depth, budget) : {}),
    }
  } catch {
    return { name: 'unknown', message: 'the handler threw something that cannot be shown', code: null }
  }
}

/** Some throw plain objects, such as `{ error: 'quota' }`, of which `String` says nothing. */
function withoutMessage(error: unknown): string {
  const text = String(error)
  return text.startsWith('[object ') ? inspect(error, { depth: 0, breakLength: Infinity }) : text
}

function innerOf(error: unknown, depth: number, budget: Budget): Pick<StoredCause, 'cause' | 'errors'> {
  const { cause, errors } = (error ?? {}) as { cause?: unknown; errors?: unknown }
  const causes = cause === undefined || cause === null ? [] : [cause]
  const [first] = within(causes, budget).map((one) => causeOf(one, depth + 1, budget))
  const inner = Array.isArray(errors) ? within(errors, budget).map((one) => causeOf(one, depth + 1, budget)) : []
  return {
    ...(first === undefined ? {} : { cause: first }),
    ...(inner.length === 0 ? {} : { errors: inner }),
  }
}

function within(errors: readonly unknown[], budget: Budget): readonly unknown[] {
  const kept = errors.slice(0, Math.min(MOST_INNER, budget.left))
  budget.left -= kept.length
  return kept
}

const brief = ({ attempt, at, name, message, code }: StoredError): StoredError => ({ attempt, at, name, message, code })

interface Lengths {
  readonly text: number
  readonly stack: number
  readonly depth: number
}

/** From generous to what fits even where each character takes six bytes. */
const LENGTHS: readonly Lengths[] = [
  { text: LONGEST_MESSAGE, stack: 2_000, depth: DEEPEST },
  { text: 400, stack: 800, depth: DEEPEST },
  { text: 200, stack: 400, depth: DEEPEST },
  { text: 150, stack: 300, depth: 1 },
  { text: 80, stack: 160, depth: 0 },
  { text: 12, stack: 0, depth: 0 },
]

function shortenedToFit(errors: readonly StoredError[]): StoredError[] {
  let cut = [...errors]
  for (const lengths of LENGTHS) {
    cut = errors.map((one) => ({ ...shortened(one, lengths, 0), attempt: one.attempt, at: one.at }))
    if (Buffer.byteLength(JSON.stringify(cut)) <= MOST_BYTES) break
  }
  return cut
}

function shortened({ stack, cause, errors, ...rest }: StoredCause, lengths: Lengths, depth: number): StoredCause {
  const word = Math.min(LONGEST_WORD, lengths.text)
  const inner = depth < lengths.depth
  return {
    ...rest,
    name: rest.name.slice(0, word),
    message: rest.message.slice(0, lengths.text),
    code: rest.code?.slice(0, word) ?? null,
    ...(stack === undefined || lengths.stack === 0 ? {} : { stack: wholeLines(stack, lengths.stack) }),
    ...(inner && cause !== undefined ? { cause: shortened(cause, lengths, depth + 1) } : {}),
    ...(inner && errors !== undefined ? { errors: errors.map((one) => shortened(one, lengths, depth + 1)) } : {}),
  }
}

/** As many whole lines as fit; the first of them in part where not even that fits. */
function wholeLines(text: string, length: number): string {
  if (text.length <= length) return text
  const end = text.lastIndexOf('\n', length)
  return text.slice(0, end > 0 ? end : length)
}

/** Takes out the stacks that another error of the same delivery has: the first that has one keeps it. */
export class Stacks {
  /** Where each stack is: the index of the element. */
  readonly #places = new Map<string, number>()

  once(errors: readonly StoredError[], index: number): readonly StoredError[] {
    return errors.some(({ stack }) => stack !== undefined) ? errors.map((one) => this.#once(one, index)) : errors
  }

  #once(error: StoredError, index: number): StoredError {
    const { stack, ...rest } = error
    if (stack === undefined) return error
    const place = this.#places.get(stack)
    if (place !== undefined) return { ...rest, stackAt: place }
    this.#places.set(stack, index)
    return error
  }
}
