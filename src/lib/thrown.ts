import { RetryLater } from '../errors.ts'

/**
 * What a handler threw, fit to be asked for its class: the thing itself, or an Error in the place of a proxy that throws
 * even then, and of a `RetryLater` without its time.
 */
export function thrown(error: unknown): unknown {
  try {
    Object.getPrototypeOf(Object(error))
    if (!(error instanceof RetryLater) || Number.isFinite(error.afterMs)) return error
    return new Error('the handler threw a RetryLater without its time')
  } catch {
    return new Error('the handler threw something that cannot be shown')
  }
}
