import { keysOf, knownKeys } from '../lib/options.ts'
import type { HandlerContext } from '../public/handlers.ts'

const KEYS = keysOf<HandlerContext>({ signal: true, attempt: true, handler: true, outOfOrder: true })

/**
 * The second argument of a handler, for tests: a first attempt, and a signal that never fires unless you give one.
 * @example await suppress(sampleEvent('momentum.bounce'), handlerContext({ attempt: 3 }))
 */
export function handlerContext(overrides: Partial<HandlerContext> = {}): HandlerContext {
  knownKeys('handlerContext', overrides, KEYS)
  return { signal: new AbortController().signal, attempt: 1, handler: 'test', outOfOrder: false, ...overrides }
}
