/**
 * The code or name of what was thrown, never its message: messages may quote what must not be shown. A code that is no
 * word, as when a handler puts an address there, is not shown either.
 */
export function codeOf(error: unknown): string {
  try {
    const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
    const text = String(code ?? name ?? typeof error)
    return WORD.test(text) ? text : 'unknown'
  } catch {
    return 'unknown'
  }
}

const WORD = /^[\w.$:-]{1,64}$/
