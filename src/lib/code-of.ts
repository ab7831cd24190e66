/** The code or name of what was thrown, never its message: messages may quote what must not be shown. */
export function codeOf(error: unknown): string {
  try {
    const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
    return String(code ?? name ?? typeof error)
  } catch {
    return 'unknown'
  }
}
