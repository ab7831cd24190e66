/** The logger of a receiver: checked where it is given, and never in the way when it fails. */
import { OptionError } from '../../errors.ts'
import { callSafely } from '../../lib/call-safely.ts'
import type { LogFacts, Logger } from '../../types.ts'

export type Level = 'info' | 'warn' | 'error'

const LEVELS: readonly Level[] = ['info', 'warn', 'error']

/**
 * The logger to use: stderr when none is given, nothing for `false`. A winston logger gets its arguments in its own
 * order. A line that a logger throws at, or rejects, goes to stderr instead.
 * @throws OptionError when it lacks `info`, `warn` or `error`
 */
export function loggerOf(given: Logger | false | undefined): Logger {
  if (given === undefined) return stderrLogger
  if (given === false) return silentLogger
  const missing = LEVELS.filter((level) => typeof (given as Partial<Logger> | null)?.[level] !== 'function')
  if (missing.length > 0) throw new OptionError(`${EXPECTED}; the one given has no ${missing.join(', no ')}`)
  return guarded(isWinston(given) ? messageFirst(given) : given)
}

const EXPECTED = `logger must be false or have info, warn and error, each taking (facts, message) as pino does. Adapt another with:
{ info: (facts, message) => log.info(message, facts),
  warn: (facts, message) => log.warn(message, facts),
  error: (facts, message) => log.error(message, facts) }`

/** Writes in another context of `AsyncLocalStorage` than it is called in. */
export function loggerIn(context: (write: () => void) => void, { info, warn, error }: Logger): Logger {
  return {
    info: (facts, message) => context(() => info(facts, message)),
    warn: (facts, message) => context(() => warn(facts, message)),
    error: (facts, message) => context(() => error(facts, message)),
  }
}

function guarded(logger: Logger): Logger {
  const write = (level: Level) => (facts: LogFacts, message: string) =>
    callSafely(
      () => logger[level](facts, message),
      () => stderrLogger[level](facts, message),
    )
  return { info: write('info'), warn: write('warn'), error: write('error') }
}

/** By its shape: given an object first, winston takes the object for the message and drops the text after it. */
function isWinston(logger: object): boolean {
  const { transports, configure } = logger as { transports?: unknown; configure?: unknown }
  return Array.isArray(transports) && typeof configure === 'function'
}

function messageFirst(winston: Logger): Logger {
  const log = winston as unknown as Record<Level, (message: string, facts: object) => void>
  return {
    info: (facts, message) => log.info(message, facts),
    warn: (facts, message) => log.warn(message, facts),
    error: (facts, message) => log.error(message, facts),
  }
}

/** One line on stderr: `posthorn warn: message {"facts":…}`; nothing in it can break the line or colour a terminal. */
const stderrLogger: Logger = {
  info: (facts, message) => writeLine('info', facts, message),
  warn: (facts, message) => writeLine('warn', facts, message),
  error: (facts, message) => writeLine('error', facts, message),
}

const nothing = () => {}

export const silentLogger: Logger = { info: nothing, warn: nothing, error: nothing }

function writeLine(level: Level, facts: object, message: string): void {
  const shown = Object.keys(facts).length > 0 ? ` ${JSON.stringify(facts)}` : ''
  const { stderr } = process
  // As `console.error` does: a stderr that nobody reads any more must not end the process (EPIPE). The failure comes at
  // once or after the callback, as the kind of stream has it.
  stderr.once('error', nothing)
  stderr.write(`posthorn ${level}: ${escapeControls(message + shown)}\n`, (error) => {
    if (error) stderr.once('error', nothing)
  })
  stderr.off('error', nothing)
}

/** C0, C1, line separators and bidirectional overrides, which forge lines or hide text in terminals. */
export function escapeControls(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
