/** A logger that remembers. */
import type { Logger } from '../../src/types.ts'

export interface Line {
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
  readonly facts: object
}

export function rememberingLogger(): Logger & { readonly lines: Line[]; text(): string } {
  const lines: Line[] = []
  const at = (level: Line['level']) => (facts: object, message: string) => void lines.push({ level, message, facts })
  return { lines, info: at('info'), warn: at('warn'), error: at('error'), text: () => JSON.stringify(lines) }
}

export const silent: Logger = { info() {}, warn() {}, error() {} }
