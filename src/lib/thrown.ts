/**
 * What a handler threw, fit to be asked for its class: the thing itself, or an Error in the place of a proxy that throws
 * even then.
 */
export function thrown(error: unknown): unknown {
  try {
    Object.getPrototypeOf(Object(error))
    return error
  } catch {
    return new Error('the handler threw something that cannot be shown')
  }
}
