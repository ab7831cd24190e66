/** A process with an inbox of its own: `node child.ts <what> <path>`. Says what it did, a line each, when it is done. */
import { writeSync } from 'node:fs'
import { held } from '../../../src/core/base/held.ts'
import { SqliteInbox } from '../../../src/inboxes/sqlite/main/inbox.ts'
import { everything, firstPass, keptLines, newDelivery, openWith, START } from '../inbox-kit.ts'
import { TestInbox } from '../test-inbox.ts'

const [what, path, to] = process.argv.slice(2)
const say = (line: string) => void writeSync(1, `${line}\n`)

const systemTime = {
  now: Date.now,
  steady: () => performance.now(),
  after(ms: number, run: () => void) {
    const timer = setTimeout(run, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
  advance() {},
}

const inbox = new TestInbox(
  new SqliteInbox({
    path: path!,
    ownerWaitMs: 0,
    minFreeBytes: 0,
    maxPages: null,
    cacheBytes: 1024 * 1024,
  }),
)

const logger = keptLines()

try {
  const changes = { role: ['control', 'look', 'backup'].includes(what!) ? 'control' : 'owner' } as const
  const { claim, opened } = await openWith(inbox, ['a'], systemTime, logger, changes)
  for (const { level, message } of logger.lines)
    if (level === 'warn' && !/^SQLite .* is older than/.test(message)) say(`warned ${message}`)
  say('open')
  if (what === 'backup') await inbox.backup(to!).then(() => say('copied'))
  if (what === 'look') say(`pending ${opened.stats.pending}`)
  if (what === 'hold') await hold(claim)
  // As a receiver does: the inbox alone does not keep the process running.
  if (what === 'control') await held(dropAll())
  if (what === 'own') setInterval(() => {}, 60_000)
  if (what === 'accept') say(JSON.stringify(await inbox.accept(newDelivery('x'))))
  if (what === 'load') await load(claim)
} catch (error) {
  if (['own', 'look'].includes(what!)) say(`because ${(error as Error).message}`)
  say(String((error as { code?: string }).code ?? error))
}

/** Works on the first of two deliveries until it is killed. */
async function hold(claim: Awaited<ReturnType<typeof openWith>>['claim']): Promise<void> {
  for (const name of ['x', 'y']) await inbox.accept(newDelivery(name))
  const claims = await claim({ maxDeliveries: 1 })
  for (const { delivery } of claims) await inbox.note(delivery.seq, [{ index: 3, handler: 'a' }])
  say(`claimed ${claims.length}`)
  setInterval(() => {}, 60_000)
}

async function dropAll(): Promise<void> {
  const dead = (await inbox.deadLetters(everything)).map(({ id }) => id)
  const quarantined = (await inbox.quarantine(everything)).map(({ id }) => id)
  say(`dropped ${await inbox.drop({ dead, quarantined })}`)
  await inbox.close()
}

/** Accepts from several sides, claims and settles, until it is killed. */
async function load(claim: Awaited<ReturnType<typeof openWith>>['claim']): Promise<void> {
  // No name comes twice, whichever process makes it.
  let next = process.pid * 1_000_000
  const send = async () => {
    for (;;) {
      const name = `${next++}`
      const body = new TextEncoder().encode(JSON.stringify([name, 'x'.repeat((next * 7919) % 90_000)]))
      const { seq } = await inbox.accept(newDelivery(name, { body }))
      say(`accepted ${seq} ${name}`)
    }
  }
  const work = async () => {
    for (;;) {
      for (const claimed of await claim({ maxDeliveries: 5 })) {
        const { seq } = claimed.delivery
        if (seq % 3 === 0) continue
        const rows =
          seq % 3 === 1
            ? [{ handler: 'a', first: 0, last: 0, attempts: 1, dueAt: START, errors: [], replay: null }]
            : []
        if (claimed.rows === null) await inbox.settle(firstPass(seq, { rows }))
        else await inbox.settle({ ...firstPass(seq), firstPass: false, endedRows: claimed.rows.map(({ id }) => id) })
        say(`${claimed.rows === null ? 'settled' : 'retried'} ${seq}`)
      }
    }
  }
  await Promise.all([send(), send(), send(), send(), work()])
}
