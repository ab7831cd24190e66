/** What comes after server and receiver are closed: the clean-up of the application, and the end of the process. */
import { Socket } from 'node:net'
import { hostDoor } from '../lib/symbols.ts'
import type { ReceiverLike } from '../ports/host.ts'

/** True when it ended in time, and well; never rejects. */
export async function runAfter(after: () => unknown, receiver: ReceiverLike, timeoutMs: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => {
    receiver[hostDoor].failed?.(`closeOnSignals: after did not end within ${timeoutMs} ms`, { name: 'TimeoutError' })
    late.resolve(false)
  }, timeoutMs)
  const run = async () => {
    await after()
    return true
  }
  try {
    return await Promise.race([run(), late.promise])
  } catch (error) {
    receiver[hostDoor].failed?.('closeOnSignals: after failed', error)
    return false
  } finally {
    clearTimeout(timer)
  }
}

/** The process ends by itself when nothing is left to wait for; if something is after `graceMs`, it is ended. */
export function exitAfter(graceMs: number, receiver: ReceiverLike): void {
  setTimeout(() => {
    receiver[hostDoor].kept?.(activeResources(), graceMs)
    process.exit()
  }, graceMs).unref()
}

/** Kinds as Node calls them. */
const WORDS: Readonly<Record<string, string>> = {
  Timeout: 'timer',
  Immediate: 'immediate',
  TCPSocketWrap: 'connection',
  TCPServerWrap: 'listening server',
  MessagePort: 'worker thread or message port',
  ProcessWrap: 'child process',
  GetAddrInfoReqWrap: 'look-up of a name',
  TTYWrap: 'terminal',
  PipeWrap: 'pipe',
}

/** Node counts stdout and stderr where they are pipes or terminals, and neither keeps a process running. */
function ownStreams(): string[] {
  const streams = [process.stdout, process.stderr].filter((stream) => stream instanceof Socket)
  return streams.map((stream) => (stream.isTTY ? 'TTYWrap' : 'PipeWrap'))
}

/** What keeps the process running, each kind with its number: `2 × timer, 1 × connection`. */
function activeResources(): string {
  const counts = new Map<string, number>()
  const own = ownStreams()
  for (const kind of process.getActiveResourcesInfo())
    if (own.includes(kind)) own.splice(own.indexOf(kind), 1)
    else counts.set(kind, (counts.get(kind) ?? 0) + 1)
  const named = [...counts].map(([kind, count]) => `${count} × ${WORDS[kind] ?? kind}`).join(', ')
  return named || 'something that Node does not name'
}
