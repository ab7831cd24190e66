/** Calling what belongs to a user. */

/**
 * Calls `run` and waits for nothing. `failed` gets what `run` throws, and what the promise it may return rejects with:
 * neither reaches the caller, nor the process.
 */
export function callSafely(run: () => unknown, failed: (error: unknown) => void): void {
  try {
    const result = run()
    // Inside of the try, because looking for `then` can throw too.
    if (isThenable(result)) void Promise.resolve(result).then(undefined, failed)
  } catch (error) {
    failed(error)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/**
 * Whether a user's function answered with a promise where a value is due. The promise is let go of, whatever becomes of
 * it: a rejection that nobody hears would end the process. Throws what looking for `then` throws.
 */
export function isLetGo<T>(result: T | PromiseLike<T>): result is PromiseLike<T> {
  if (!isThenable(result)) return false
  callSafely(
    () => result,
    () => {},
  )
  return true
}
