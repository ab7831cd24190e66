import type { HandlerContext } from '../public/handlers.ts'

/** What a handler is told beside its event: a first attempt, and a signal that never fires unless you give one. */
export function handlerContext(overrides: Partial<HandlerContext> = {}): HandlerContext {
  return { signal: new AbortController().signal, attempt: 1, handler: 'test', outOfOrder: false, ...overrides }
}
