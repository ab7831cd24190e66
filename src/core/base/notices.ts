/** The default logger, and the throttle in front of every logger: the first of a kind at once, then a count a minute. */

import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../types.ts'

export type Level = 'info' | 'warn' | 'error'

export interface Notices {
  /** `kind` groups what is throttled together; it is not shown. */
  (kind: string, level: Level, message: string, facts?: object): void
  /** Writes what was counted and not yet said. */
  flush(): void
}

const EVERY_MS = 60_000

interface Tally {
  count: number
  say: () => void
}

export function createNotices(logger: Logger, clock: Clock): Notices {
  const tallies = new Map<string, Tally>()
  const repeat = (kind: string) => {
    const tally = tallies.get(kind)
    if (tally === undefined || tally.count === 0) return void tallies.delete(kind)
    tally.say()
    tally.count = 0
    clock.after(EVERY_MS, () => repeat(kind))
  }
  const notice = (kind: string, level: Level, message: string, facts: object = {}) => {
    const tally = tallies.get(kind)
    if (tally === undefined) {
      tallies.set(kind, { count: 0, say: () => {} })
      clock.after(EVERY_MS, () => repeat(kind))
      return logger[level](facts, message)
    }
    tally.count++
    tally.say = () => logger[level]({ ...facts, times: tally.count }, message)
  }
  const flush = () => {
    for (const tally of tallies.values()) if (tally.count > 0) tally.say()
    tallies.clear()
  }
  return Object.assign(notice, { flush })
}

/** One line on stderr: `posthorn warn: message {"facts":…}`; nothing in it can break the line or colour a terminal. */
export const stderrLogger: Logger = {
  info: (facts, message) => writeLine('info', facts, message),
  warn: (facts, message) => writeLine('warn', facts, message),
  error: (facts, message) => writeLine('error', facts, message),
}

export const silentLogger: Logger = { info() {}, warn() {}, error() {} }

function writeLine(level: Level, facts: object, message: string): void {
  const shown = Object.keys(facts).length > 0 ? ` ${JSON.stringify(facts)}` : ''
  process.stderr.write(`posthorn ${level}: ${escapeControls(message + shown)}\n`)
}

/** C0, C1, line separators and bidirectional overrides, which forge lines or hide text in terminals. */
function escapeControls(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
