/**
 * The code or name of what was thrown, never its message: messages may quote what must not be shown. A code that is no
 * word, as when a handler puts an address there, is not shown either.
 */
export function codeOf(error: unknown): string {
  try {
    const { name } = (error ?? {}) as { name?: unknown }
    const text = String(codeIn(error) ?? name ?? typeof error)
    return WORD.test(text) ? text : 'unknown'
  } catch {
    return 'unknown'
  }
}

/** None of a DOMException: its number says less than its name (23 is `TimeoutError`, 0 any of the newer ones). */
export function codeIn(error: unknown): unknown {
  const { code } = (error ?? {}) as { code?: unknown }
  return Object.prototype.toString.call(error) === '[object DOMException]' ? undefined : code
}

const WORD = /^[\w.$:-]{1,64}$/
