/** What the handler of a receiver process does with an event: what the event says in `do`, else what the plan says. */

import { PermanentError } from '../../../src/errors.ts'
import { field } from '../../../src/lib/field.ts'
import type { HandlerContext } from '../../../src/public/handlers.ts'
import type { AnyEvent } from '../../../src/types.ts'
import type { Plan } from './plan.ts'

const never = () => new Promise<never>(() => {})

/** Ways to fail. The event says which one, so that its siblings can be well. */
export const MISDEEDS: Readonly<Record<string, (context: HandlerContext) => unknown>> = {
  throw: () => {
    throw new Error('thrown')
  },
  reject: () => Promise.reject(new Error('rejected')),
  permanent: () => Promise.reject(new PermanentError('for good')),
  'throw nothing': () => {
    throw undefined
  },
  'throw text': () => {
    throw 'text'
  },
  'throw a trap': () => {
    throw new Proxy({}, { get: trap })
  },
  'return a trap': () => Object.defineProperty({}, 'then', { get: trap }),
  // biome-ignore lint/suspicious/noThenProperty: that is the case
  'return a thenable that throws': () => ({ then: trap }),
  hang: never,
  'reject when told to stop': ({ signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  'reject after its time': ({ signal }) =>
    new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => setImmediate(() => reject(new Error('late')))),
    ),
}

function trap(): never {
  throw new Error('a trap')
}

/** Ways to be a nuisance and succeed. */
export const NUISANCES: Readonly<Record<string, () => unknown>> = {
  'call back twice': () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is the case
    then: (resolve: () => void, reject: (error: Error) => void) => {
      resolve()
      reject(new Error('second'))
      resolve()
    },
  }),
  block: () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700),
  'leave garbage': () => void garbage.push(Buffer.alloc(1 << 20)),
}

/** Ways to take the process down. */
export const DEADLY: Readonly<Record<string, () => unknown>> = {
  kill: () => process.kill(process.pid, 'SIGKILL'),
  exit: () => process.exit(7),
  'throw behind our back': () =>
    new Promise(() => {
      setImmediate(() => {
        throw new Error('nobody can catch this')
      })
    }),
}

const garbage: Buffer[] = []

export interface Doings {
  /** Before anything is done. */
  readonly begin: () => void
  /** Resolves when the gate is open. */
  readonly opened: Promise<void>
  readonly done: (event: AnyEvent, context: HandlerContext) => void
}

export function handlerOf(plan: Plan, doings: Doings): (event: AnyEvent, context: HandlerContext) => unknown {
  const { begin, opened, done } = doings
  return (event, context) => {
    begin()
    const what = field(event.payload as object, 'do')
    if (typeof what === 'string' && what in MISDEEDS) return MISDEEDS[what]?.(context)
    if (typeof what === 'string' && what in DEADLY) return DEADLY[what]?.()
    if (what === 'fail at first' && context.attempt === 1) throw new Error('the first attempt')
    if (plan.handler === 'hang') return never()
    if (plan.handler === 'idle') return undefined
    if (plan.handler === 'gate') return opened.then(() => done(event, context))
    done(event, context)
    return typeof what === 'string' ? NUISANCES[what]?.() : undefined
  }
}
