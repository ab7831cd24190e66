/** A receiver on a real file whose commits and messages are counted. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { webhooks } from '../../src/adapters/node.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { SqliteInbox } from '../../src/inboxes/sqlite/main/inbox.ts'
import type { Thread } from '../../src/inboxes/sqlite/main/thread.ts'
import type { ToThread } from '../../src/inboxes/sqlite/wire/calls.ts'
import { port } from '../../src/lib/symbols.ts'
import type { ReceiverLike } from '../../src/ports/host.ts'
import { later, newFile } from '../inboxes/sqlite/kit.ts'
import { toy } from '../support/toy.ts'

export interface Counts {
  commits: number
  /** Groups handed to the thread of the file, and answers of the thread to anything. */
  groups: number
  answers: number
  /** Groups in which nothing but claims was asked. */
  claimsAlone: number
  /** Bytes of bodies that were handed over without a copy. */
  transferred: number
  /** How often stored bodies were asked for. */
  reads: number
}

export interface Counted {
  readonly counts: Counts
  readonly threads: readonly Thread[]
  readonly receiver: ReturnType<typeof newReceiver>
}

/** Started; closed after the test. */
export async function countedReceiver(options: { role?: 'receive' } = {}): Promise<Counted> {
  const counts: Counts = { commits: 0, groups: 0, answers: 0, claimsAlone: 0, transferred: 0, reads: 0 }
  const threads: Thread[] = []
  const inbox = new SqliteInbox({
    path: newFile(),
    ownerWaitMs: 0,
    minFreeBytes: 0,
    maxPages: null,
    cacheBytes: 1 << 26,
    onCommit: () => void counts.commits++,
    onThread: (thread) => {
      threads.push(thread)
      countMessages(thread, counts)
    },
  })
  const receiver = newReceiver(inbox, options.role ?? 'both')
  if (options.role === undefined) receiver.on('*', () => {})
  later(() => receiver.close())
  await receiver.start()
  return { counts, threads, receiver }
}

function newReceiver(inbox: SqliteInbox, role: 'both' | 'receive') {
  return createReceiver({ inbox: { kind: 'sqlite', [port]: inbox }, sources: { shop: toy() }, logger: false, role })
}

function countMessages({ worker }: Thread, counts: Counts): void {
  const post = worker.postMessage.bind(worker)
  worker.postMessage = (message: ToThread, transfer?: readonly ArrayBuffer[]) => {
    if (message.name === 'read') counts.reads++
    if (message.name === 'group') {
      const { accepts, settlements, claims } = message.request
      counts.groups++
      if (claims.length > 0 && accepts.length + settlements.length === 0) counts.claimsAlone++
    }
    counts.transferred += (transfer ?? []).reduce((sum, buffer) => sum + buffer.byteLength, 0)
    post(message, transfer ?? [])
  }
  worker.on('message', () => void counts.answers++)
}

/** The port of a bare Node server on loopback, closed after the test. */
export async function serving(receiver: ReceiverLike): Promise<number> {
  const server = createServer(webhooks(receiver))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  later(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
