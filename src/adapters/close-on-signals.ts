/** Ending a process in the right order. The only code of the package that listens to signals, when asked to. */
import { constants } from 'node:os'
import { OptionError } from '../errors.ts'
import type { ReceiverLike } from '../ports/host.ts'
import { tellServer } from './serve.ts'

export interface CloseOptions {
  /** Default SIGTERM and SIGINT. */
  readonly signals?: readonly NodeJS.Signals[]
  /** How long requests and handlers under way have, in ms. Default 10_000. */
  readonly timeoutMs?: number
}

/** What is needed of a server, told by its shape: `node:http`, `node:https` and `node:http2` have it. */
export interface ServerLike {
  close(closed: () => void): unknown
  closeIdleConnections?(): void
  closeAllConnections?(): void
  readonly requestTimeout?: number | undefined
  readonly headersTimeout?: number | undefined
}

/**
 * On the first signal: server and receiver take nothing new, what is under way is answered and handled, then the
 * process ends by itself, with exit code 0, or with 1 when work went back to the inbox or a connection had to be cut.
 * On the second signal the process exits at once with 128 + the signal's number, as a shell reports it. Disposing
 * stops listening to signals.
 * @throws OptionError when `timeoutMs` is no number of milliseconds
 */
export function closeOnSignals(server: ServerLike, receiver: ReceiverLike, options: CloseOptions = {}): Disposable {
  const { signals = ['SIGTERM', 'SIGINT'], timeoutMs = 10_000 } = options
  if (!Number.isFinite(timeoutMs) || timeoutMs < 0)
    throw new OptionError(`closeOnSignals: expected timeoutMs to be milliseconds ≥ 0, got ${timeoutMs}`)
  tellServer(receiver, server)
  let closing = false
  const onSignal = (signal: NodeJS.Signals) => {
    // Not by raising it again: the kernel ignores that for the first process of a container.
    if (closing) process.exit(128 + constants.signals[signal])
    closing = true
    void closeAll(server, receiver, timeoutMs)
  }
  for (const signal of signals) process.on(signal, onSignal)
  return {
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, onSignal)
    },
  }
}

/**
 * The receiver first, in the same turn: what still comes in on open connections is then answered `Connection: close`.
 * A failure of its `close` is not caught here; it ends the process with its stack.
 */
async function closeAll(server: ServerLike, receiver: ReceiverLike, timeoutMs: number): Promise<void> {
  const receiverClosed = receiver.close({ timeoutMs })
  const [result, cut] = await Promise.all([receiverClosed, closeServer(server, timeoutMs)])
  process.exitCode ??= isDrained(result) && !cut ? 0 : 1
}

/** Resolves when the last connection has ended; true when some had to be cut. */
function closeServer(server: ServerLike, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let cut = false
    // close() ends the connections that are idle; those that were busy with another route fall idle later, and would
    // hold it open until their keep-alive is over.
    const sweeper = setInterval(() => server.closeIdleConnections?.(), SWEEP_MS)
    const timer = setTimeout(() => {
      cut = true
      server.closeAllConnections?.()
    }, timeoutMs)
    server.close(() => {
      clearInterval(sweeper)
      clearTimeout(timer)
      resolve(cut)
    })
  })
}

const SWEEP_MS = 50

function isDrained(result: unknown): boolean {
  return !(typeof result === 'object' && result !== null && 'drained' in result) || result.drained === true
}
