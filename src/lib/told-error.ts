/** What a log line may hold of an error: never a text that others wrote, which may quote a secret or an address. */
import { OptionError, PosthornError } from '../errors.ts'
import { codeOf } from './code-of.ts'
import { framesOf, shortFrames } from './frames.ts'

/** As facts of a log line. */
export interface ToldError {
  /** Its code, or its name. */
  readonly code: string
  /** Of our own errors, with `…` for what could be an address: the value of a wrong call may be one. */
  readonly errorMessage?: string
  /** Code or name of the error that it stands for: `fetch failed` is ECONNREFUSED. */
  readonly causeCode?: string
  /** Of any other, and of one that ours stands for: where it was thrown, at most five frames without those of Node. */
  readonly frames?: readonly string[]
}

export function toldOf(error: unknown): ToldError {
  try {
    return isOurs(error) ? toldOfOurs(error) : { code: codeOf(error), ...causeOf(error), ...placeOf(error) }
  } catch {
    // A proxy, whose every look throws.
    return { code: codeOf(error) }
  }
}

const isOurs = (error: unknown): error is PosthornError | OptionError =>
  error instanceof PosthornError || error instanceof OptionError

function toldOfOurs(error: PosthornError | OptionError): ToldError {
  const { code, message, cause } = error
  // That of a client has the words of the sender's API in it.
  if (typeof (error as { senderMessage?: unknown }).senderMessage === 'string') return { code, ...placeOf(error) }
  const errorMessage = message.replaceAll(ADDRESSES, '…')
  return { code, errorMessage, ...causeOf(error), ...(isOurs(cause) ? {} : placeOf(cause)) }
}

/** With a local part in quotes, escaped or not, or without; percent-encoded too. No `@` that begins a part of a path. */
const ADDRESSES = /(?:"[^"]{1,320}"|[^\s"'`<>()/\\,;=]{1,320})(?:@|%40)[^\s"'`<>()/\\,;]{1,320}/gi

function causeOf(error: unknown): { readonly causeCode?: string } {
  const { cause } = Object(error) as { cause?: unknown }
  return cause === undefined || cause === null ? {} : { causeCode: codeOf(cause) }
}

function placeOf(error: unknown): { readonly frames?: readonly string[] } {
  const { stack, message } = Object(error) as { stack?: unknown; message?: unknown }
  if (typeof stack !== 'string') return {}
  const frames = shortFrames(framesOf(stack, typeof message === 'string' ? message : ''))
  return frames.length === 0 ? {} : { frames }
}
