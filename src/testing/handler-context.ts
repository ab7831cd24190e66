import { keysOf, knownKeys } from '../lib/options.ts'
import type { HandlerContext } from '../public/handlers.ts'

const KEYS = keysOf<HandlerContext>({ signal: true, attempt: true, handler: true, outOfOrder: true })

/** What a handler is told beside its event: a first attempt, and a signal that never fires unless you give one. */
export function handlerContext(overrides: Partial<HandlerContext> = {}): HandlerContext {
  knownKeys('handlerContext', overrides, KEYS)
  return { signal: new AbortController().signal, attempt: 1, handler: 'test', outOfOrder: false, ...overrides }
}
