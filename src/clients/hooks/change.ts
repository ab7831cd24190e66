/** What a plan is made of. */
import type { Rotation } from './rotate.ts'

export type HookSender = 'momentum' | 'mailjet'

export interface HookDifference {
  readonly field:
    | 'events'
    | 'target'
    | 'auth'
    | 'secret'
    | 'active'
    | 'status'
    | 'grouping'
    | 'customHeaders'
    | 'exceptionSubaccounts'
  /** As it is, and as it is wanted; secrets are not shown. */
  readonly is: string
  readonly wanted: string
}

export interface HookChange {
  readonly sender: HookSender
  /** `delete` in the plan of an `apply` that is told to alone. */
  readonly action: 'create' | 'update' | 'delete'
  /** Name of the hook; of Mailjet with the event type: `news: bounce`. */
  readonly hook: string
  /** Null where it is to be created. */
  readonly id: string | null
  /** Where it posts to, or will. */
  readonly target: string
  /** Empty where it is to be created or deleted. */
  readonly differences: readonly HookDifference[]
}

/** A webhook that nobody defined: it is left alone. */
export interface UnknownHook {
  readonly sender: HookSender
  readonly id: string
  readonly name: string
  readonly target: string
}

/** A change, and how it is done. */
export interface Step {
  readonly change: HookChange
  run(signal: AbortSignal | undefined): Promise<unknown>
}

/** What one sender has, beside what is wanted. */
export interface Looked {
  readonly steps: readonly Step[]
  /** Hooks that are as they are wanted. */
  readonly settled: readonly string[]
  readonly unknown: readonly (UnknownHook & { readonly remove: Step['run'] })[]
}

export interface TestedHook {
  readonly sender: HookSender
  readonly hook: string
  readonly ok: boolean
  /** Status of the answer of the target; null where there was none. */
  readonly status: number | null
  /** Why not; null when it is ok. */
  readonly why: string | null
}

/** The hooks of one sender. */
export interface HookBook {
  look(signal: AbortSignal | undefined): Promise<Looked>
  test(signal: AbortSignal | undefined): Promise<readonly TestedHook[]>
  /** Null where it has no hook of this name. @throws OptionError for a hook whose secret cannot be rotated */
  rotation(name: string): Rotation | null
}

/** `+ open, click − delay`; null when both have the same. */
export function listDifference(is: readonly string[], wanted: readonly string[]): string | null {
  const [missing, extra] = [wanted.filter((one) => !is.includes(one)), is.filter((one) => !wanted.includes(one))]
  if (missing.length + extra.length === 0) return null
  return [missing.length === 0 ? '' : `+ ${missing.join(', ')}`, extra.length === 0 ? '' : `− ${extra.join(', ')}`]
    .filter(Boolean)
    .join(' ')
}
