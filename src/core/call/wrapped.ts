/** What a wrap around calls is told. */
import { codeOf } from '../../lib/code-of.ts'
import type { CallAbout, CallEnd } from '../../ports/instrument.ts'
import type { Attempt, Outcome } from './attempt.ts'
import type { Task } from './task.ts'

export function callAbout({ handler, attempt }: Attempt, tasks: readonly Task[]): CallAbout {
  const events = tasks.map(({ event: { id, name, type } }) => ({ id, name, type }))
  const passes = new Set(tasks.flatMap(({ about }) => about ?? []))
  return { handler, attempt, events, passes: [...passes] }
}

export function callEnd(outcome: Outcome): CallEnd {
  if (outcome.end !== 'failed') return { result: outcome.end, error: null }
  const { error } = outcome
  const { name } = Object(error) as { readonly name?: unknown }
  return { result: 'failed', error: { name: codeOf({ name }), code: codeOf(error) } }
}
