/** What is there, what is wanted, and what would change. */
import { keysOf, knownKeys } from '../../lib/options.ts'
import { ApiError } from '../api/api-error.ts'
import { checkedSignal } from '../api/arguments.ts'
import type { CallOptions } from '../api/settings.ts'
import type { HookBook, HookChange, Looked, Step, UnknownHook } from './change.ts'

export interface ApplyOptions extends CallOptions {
  /** Deletes webhooks that nobody defined. Default false: they are left alone. */
  readonly deleteUnknown?: boolean
}

export interface FailedChange {
  readonly change: HookChange
  readonly error: ApiError
}

export interface Applied {
  readonly changed: readonly HookChange[]
  /** Changes that the sender refused; the others are done all the same. */
  readonly failed: readonly FailedChange[]
}

export interface HookPlan {
  /** Empty: everything is as it is wanted. */
  readonly changes: readonly HookChange[]
  /** Names of what is as it is wanted: of Mailjet `news: bounce`. */
  readonly settled: readonly string[]
  readonly unknown: readonly UnknownHook[]
  /** For people; without secrets. */
  text(): string
  /** For programs: `changes`, `settled`, `unknown`; without secrets. */
  toJSON(): object
  /**
   * Looks again, and does what is to be done then: what somebody else has done since is not done twice, and a second `apply`
   * does nothing. A change that the sender refuses is told in `failed`, and does not keep the others from being done.
   * @throws ApiError when a sender cannot be asked what is there; ERR_SECRET_MISSING
   */
  apply(options?: ApplyOptions): Promise<Applied>
}

const APPLY = keysOf<ApplyOptions>({ deleteUnknown: true, signal: true })

export async function makePlan(books: readonly HookBook[], signal: AbortSignal | undefined): Promise<HookPlan> {
  const looked = await lookInto(books, signal)
  const changes = looked.steps.map(({ change }) => change)
  const { settled } = looked
  const unknown = looked.unknown.map(({ sender, id, name, target }) => ({ sender, id, name, target }))
  return {
    changes,
    settled,
    unknown,
    text: () => textOf(changes, settled, unknown),
    toJSON: () => ({ changes, settled, unknown }),
    apply: (options = {}) => apply(books, options),
  }
}

async function lookInto(books: readonly HookBook[], signal: AbortSignal | undefined): Promise<Looked> {
  const all = await Promise.all(books.map((book) => book.look(signal)))
  return {
    steps: all.flatMap(({ steps }) => steps),
    settled: all.flatMap(({ settled }) => settled),
    unknown: all.flatMap(({ unknown }) => unknown),
  }
}

async function apply(books: readonly HookBook[], options: ApplyOptions): Promise<Applied> {
  knownKeys('apply: the options', options, APPLY)
  const signal = checkedSignal('apply', options.signal)
  const { steps, unknown } = await lookInto(books, signal)
  const removals = options.deleteUnknown === true ? unknown.map(removalOf) : []
  const changed: HookChange[] = []
  const failed: FailedChange[] = []
  for (const step of [...steps, ...removals]) {
    const error = await refusalOf(step, signal)
    if (error === null) changed.push(step.change)
    else failed.push({ change: step.change, error })
  }
  return { changed, failed }
}

function removalOf({ sender, id, name, target, remove }: Looked['unknown'][number]): Step {
  return { change: { sender, action: 'delete', hook: name, id, target, differences: [] }, run: remove }
}

async function refusalOf(step: Step, signal: AbortSignal | undefined): Promise<ApiError | null> {
  try {
    await step.run(signal)
    return null
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}

function textOf(changes: readonly HookChange[], settled: readonly string[], unknown: readonly UnknownHook[]): string {
  return [
    ...changes.flatMap(changeLines),
    ...(settled.length === 0 ? [] : [`as wanted: ${settled.join(', ')}`]),
    ...unknown.map(({ sender, name, target }) => `left alone: ${sender} "${name}", ${target}`),
    changes.length === 0 ? 'No changes.' : `${changes.length} ${changes.length === 1 ? 'change' : 'changes'}.`,
  ].join('\n')
}

function changeLines({ action, sender, hook, target, differences }: HookChange): string[] {
  const lines = differences.map(({ field, is, wanted }) => `    ${field}: ${is} → ${wanted}`)
  return [`${action} ${sender} "${hook}", ${target}`, ...lines]
}
