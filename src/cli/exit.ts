/** How the command line ends. */
import { CommanderError } from '@commander-js/extra-typings'
import { inOptions } from './option-names.ts'

/**
 * 0 done · 1 the answer is no: an answer that is not 200, a finding · 2 called wrongly · 3 cannot reach or open: no file,
 * a port that is taken, nobody who answers · 4 refused: credentials, a right or a confirmation is missing · 5 partly done ·
 * 130 interrupted; as 5
 */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 130

/** What a command calls with its exit code when it has ended. */
export type Done = (code: ExitCode) => void

export function exitCodeOf(error: unknown): ExitCode {
  // Help and version, too, come as errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  // By its code: a configuration may have loaded another copy of this package.
  const ours = OURS.find(([codes]) => codes.test(codeOf(error)))
  if (ours !== undefined) return ours[1]
  return isSystemError(error) ? 3 : 1
}

const OURS: ReadonlyArray<readonly [codes: RegExp, exit: ExitCode]> = [
  [/^ERR_(OPTION|FILTER|PATTERN|HANDLER_NAME)$/, 2],
  [/^ERR_(INBOX_|API_UNREACHABLE|API_RATE_LIMITED)/, 3],
  [/^ERR_(API_UNAUTHORIZED|SECRET_|NOT_CONFIRMED$)/, 4],
]

/** A command that wants a sub-command has shown its help, on stderr. */
export function isHelp(error: unknown): boolean {
  return error instanceof CommanderError && error.code === 'commander.help'
}

/** Of files and sockets. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

/** What the user reads on stderr: a line, or one JSON object where JSON was asked for. */
export function complaintOf(error: unknown, command: string, json: boolean): string {
  const message = messageOf(error)
  if (!json) return `${command}: ${message}\n`
  return `${JSON.stringify({ error: codeOf(error), message })}\n`
}

function messageOf(error: unknown): string {
  if (error instanceof CommanderError) return usageOf(error)
  if (!(error instanceof Error)) return String(error)
  return exitCodeOf(error) === 2 ? inOptions(error.message) : error.message
}

/** Without what the user typed in the place of a value: it may be a secret. */
function usageOf({ code, message }: CommanderError): string {
  const line = message.replace(/^error: /, '').replaceAll('\n', ' ')
  if (code === 'commander.excessArguments') return line.replace(/: .*/, '.')
  return code === 'commander.unknownOption' ? line.replace(/=.*'/, "'") : line
}

function codeOf(error: unknown): string {
  if (error instanceof CommanderError) return 'ERR_OPTION'
  const code = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' ? code : 'ERR_INTERNAL'
}
