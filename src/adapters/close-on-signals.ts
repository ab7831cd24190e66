/** Ending a process in the right order. The only code of the package that listens to signals, when asked to. */
import { constants } from 'node:os'
import { OptionError } from '../errors.ts'
import { callSafely } from '../lib/call-safely.ts'
import { codeOf } from '../lib/code-of.ts'
import { didYouMean } from '../lib/nearest.ts'
import { assertFunction, keysOf, kindOf, knownKeys, shown } from '../lib/options.ts'
import { hostDoor } from '../lib/symbols.ts'
import type { ReceiverLike } from '../ports/host.ts'
import { exitAfter, runAfter } from './last-steps.ts'
import { type Open, openOf } from './open-connections.ts'
import { isReceiver, tellServer } from './serve.ts'

export interface CloseOptions {
  /** Default SIGTERM and SIGINT. */
  readonly signals?: readonly NodeJS.Signals[]
  /** How long requests and handlers under way have, in ms. Default 10_000. */
  readonly timeoutMs?: number
  /**
   * Runs once server and receiver are closed: for what handlers need until then, such as `() => pool.end()`. It has
   * another `timeoutMs`; exit code 1 when it takes longer, or fails.
   */
  readonly after?: () => unknown
  /** How long the process may take to end by itself when all that is done, in ms. Default 2_000. */
  readonly graceMs?: number
}

/** What is needed of a server, told by its shape: `node:http`, `node:https` and `node:http2` have it. */
export interface ServerLike {
  close(closed: (error?: unknown) => void): unknown
  on?(event: string, listener: (opened: unknown) => void): unknown
  closeIdleConnections?(): void
  closeAllConnections?(): void
  readonly requestTimeout?: number | undefined
  readonly headersTimeout?: number | undefined
}

/**
 * On the first signal: server and receiver take nothing new, what is under way is answered and handled, then the
 * process ends by itself, with exit code 0, or with 1 when work went back to the inbox or a connection had to be cut.
 * What still keeps the process running after `graceMs`, such as a pool of connections, is named in a warning, and the
 * process is ended with the same code. On the second signal the process exits at once with 128 + the signal's number, as a shell reports it. Disposing
 * stops listening to signals. A receiver or server that fails to close is logged, and gives exit code 1.
 *
 * Call it before the server listens: connections that Node does not close by itself, such as WebSockets and the
 * sessions of HTTP/2, are followed from then on.
 *
 * ```ts
 * closeOnSignals(server, receiver, { after: () => pool.end() })
 * ```
 * @throws OptionError for what is no server or no receiver, for an option that is unknown or of a wrong kind, and for a
 * signal that there is not
 */
export function closeOnSignals(server: ServerLike, receiver: ReceiverLike, options: CloseOptions = {}): Disposable {
  if (isReceiver(server))
    throw new OptionError('closeOnSignals(server, receiver) takes the server first, got a receiver')
  assertCloses('a server', server)
  assertCloses('a receiver', receiver)
  knownKeys('closeOnSignals: the options', options, KEYS)
  assertFunction('closeOnSignals: after', options.after)
  const { signals = ['SIGTERM', 'SIGINT'], after = () => {} } = options
  assertSignals(signals)
  const timeoutMs = milliseconds('timeoutMs', options.timeoutMs ?? 10_000)
  const graceMs = milliseconds('graceMs', options.graceMs ?? 2_000)
  tellServer(receiver, server)
  const open = openOf(server)
  let closing = false
  const onSignal = (signal: NodeJS.Signals) => {
    // Not by raising it again: the kernel ignores that for the first process of a container.
    if (closing) process.exit(128 + constants.signals[signal])
    closing = true
    void closeAll(server, open, receiver, timeoutMs)
      .then(async (inOrder) => (await runAfter(after, receiver, timeoutMs)) && inOrder)
      .then((inOrder) => {
        process.exitCode ??= inOrder ? 0 : 1
        exitAfter(graceMs, receiver)
      })
  }
  for (const signal of signals) process.on(signal, onSignal)
  return {
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, onSignal)
    },
  }
}

const KEYS = keysOf<CloseOptions>({ signals: true, timeoutMs: true, after: true, graceMs: true })

/** Node takes any word for an event, and never tells of those that no process can catch. */
function assertSignals(signals: unknown): void {
  const known = Object.keys(constants.signals).filter((name) => name !== 'SIGKILL' && name !== 'SIGSTOP')
  if (!Array.isArray(signals) || signals.length === 0)
    throw new OptionError(`closeOnSignals: signals must be a list, such as ['SIGTERM'], got ${kindOf(signals)}`)
  const wrong = signals.find((signal) => !known.includes(signal))
  if (wrong === undefined) return
  const meant = typeof wrong === 'string' ? didYouMean(wrong, known) : ''
  throw new OptionError(`closeOnSignals: no process can be told of the signal ${shown(wrong)}${meant}`)
}

/** The longest that a timer can wait. */
const LONGEST_MS = 2 ** 31 - 1

function milliseconds(name: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value <= LONGEST_MS) return value
  throw new OptionError(`closeOnSignals: ${name} must be milliseconds from 0 to ${LONGEST_MS}, got ${shown(value)}`)
}

function assertCloses(what: string, value: unknown): void {
  const { close } = (value ?? {}) as { readonly close?: unknown }
  if (typeof close === 'function') return
  throw new OptionError(`closeOnSignals(server, receiver) needs ${what} that can be closed, got ${typeof value}`)
}

/**
 * The receiver first, in the same turn: what still comes in on open connections is then answered `Connection: close`.
 * True when nothing went back or had to be cut; never rejects.
 */
async function closeAll(server: ServerLike, open: Open, receiver: ReceiverLike, timeoutMs: number): Promise<boolean> {
  const failed = (what: string) => (error: unknown) => {
    receiver[hostDoor].failed?.(what, error)
    return false
  }
  const ends = await Promise.all([
    closeReceiver(receiver, timeoutMs).catch(failed('the receiver could not be closed in order')),
    closeServer(server, open, timeoutMs).catch(failed('the server could not be closed in order')),
  ])
  return ends.every((inOrder) => inOrder)
}

/** True when no work went back to the inbox. */
async function closeReceiver(receiver: ReceiverLike, timeoutMs: number): Promise<boolean> {
  return isDrained(await receiver.close({ timeoutMs }))
}

/** Resolves when the last connection has ended or the time is over: true when none had to be cut. */
async function closeServer(server: ServerLike, open: Open, timeoutMs: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>()
  // close() ends the connections that are idle; those that were busy with another route fall idle later, and would
  // hold it open until their keep-alive is over.
  const sweeper = setInterval(() => callSafely(() => server.closeIdleConnections?.(), late.reject), SWEEP_MS)
  const timer = setTimeout(() => {
    callSafely(() => cut(server, open), late.reject)
    late.resolve(false)
  }, timeoutMs)
  try {
    return await Promise.race([closed(server, open), late.promise])
  } finally {
    clearInterval(sweeper)
    clearTimeout(timer)
  }
}

function closed(server: ServerLike, open: Open): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.close((error) => {
      if (error && codeOf(error) !== 'ERR_SERVER_NOT_RUNNING') reject(error)
      else resolve(true)
    })
    open.goAway()
  })
}

function cut(server: ServerLike, open: Open): void {
  server.closeAllConnections?.()
  open.cut()
}

const SWEEP_MS = 50

function isDrained(result: unknown): boolean {
  return !(typeof result === 'object' && result !== null && 'drained' in result) || result.drained === true
}
