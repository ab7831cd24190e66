/**
 * A receiver over PostgreSQL in a process of its own, to be killed or stopped. Arguments: the URL, the schema, `leaseMs`, and
 * what its handler does: `none`, `handle`, `slow` (20 ms), `hang`, `spin` (holds up the event loop for 4 s, once; where `POSTHORN_SPIN_END` names a file, until that
 * is there), `fail` (each
 * event once), `ordered` (one event of an address at a time; every fourth call fails), `stuck` (as `ordered`, and its first call
 * ends with its signal), or `lives` (as `ordered`, beside a second handler that is `slow`); then `former` or `renamed`: the second
 * has another name for its handler, one more, and one more source. Tells its parent, line by line: `{"port"}`,
 * `{"handled"}`, `{"done"}`. Where `POSTHORN_LEDGER` names a file, what the ordered handler does is appended to it, by all
 * processes one after the other.
 */
import { appendFileSync, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { closeOnSignals, webhooks } from '../../src/adapters/node.ts'
import { basic } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { postgres } from '../../src/inboxes/postgres/index.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'

const [connectionString = '', schema = '', leaseMs = '', mode = 'handle', build = 'former'] = process.argv.slice(2)
const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)
const isRenamed = build === 'renamed'
const newSource = () => mailjet({ auth: basic({ username: 'mailjet', password: 'a-password-of-some-length' }) })
const sources = { news: newSource(), outlet: newSource() }
// A build of before does not know it.
if (!isRenamed) Reflect.deleteProperty(sources, 'outlet')
const failed = new Set<unknown>()
let [hasSpun, isStuck, calls] = [false, mode === 'stuck', 0]

const { POSTHORN_STALL_MS: stallMs } = process.env
const stall = stallMs === undefined ? {} : { stallMs: Number(stallMs) }
const receiver = createReceiver({
  inbox: postgres({ connectionString, schema, leaseMs: Number(leaseMs), durability: 'relaxed', ...stall }),
  sources,
  logger: false,
})
const name = isRenamed ? { name: 'worker', formerly: ['work'] } : { name: 'work' }
const retry = { minMs: 1, maxMs: 200, attempts: 200 }
const isOrdered = ['ordered', 'stuck', 'lives'].includes(mode)
const order = isOrdered ? { orderBy: (event: { email: string | null }) => event.email } : {}
const { POSTHORN_LEDGER: ledger } = process.env
const write = (what: string, id: unknown) => ledger && appendFileSync(ledger, `${what} ${id} ${process.pid}\n`)
if (mode !== 'none')
  receiver.on('*', { ...name, retry, ...order }, async (event, { signal }) => {
    tell({ handled: event.messageId, pid: process.pid })
    if (isOrdered) write('begin', event.messageId)
    if (isStuck) {
      isStuck = false
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      write('aborted', event.messageId)
      throw new Error('told to stop')
    }
    if (mode === 'lives') await wait(2)
    if (mode === 'hang') await new Promise(() => {})
    if (mode === 'slow') await wait(20)
    if (mode === 'spin' && !hasSpun) spin()
    if (isOrdered && ++calls % 4 === 0) throw new Error('every fourth')
    if (mode === 'fail' && !failed.has(event.id)) {
      failed.add(event.id)
      throw new Error('the first time')
    }
    if (isOrdered) write('end', event.messageId)
    tell({ done: event.messageId, pid: process.pid })
  })
if (mode === 'lives') receiver.on('*', { name: 'beside' }, () => wait(20))
if (isRenamed) receiver.on('*', { name: 'audit' }, (event) => tell({ audited: event.messageId, source: event.source }))

function spin(): void {
  hasSpun = true
  const { POSTHORN_SPIN_END: end } = process.env
  if (end !== undefined) while (!existsSync(end));
  else for (const until = performance.now() + 4_000; performance.now() < until; );
}

await receiver.start()
const server = createServer(webhooks(receiver)).listen(0, '127.0.0.1', () => {
  const address = server.address()
  tell({ port: typeof address === 'object' ? address?.port : null })
})
closeOnSignals(server, receiver, { timeoutMs: 500 })
