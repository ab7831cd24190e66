/**
 * A night by the command line alone: the database of a handler is down, Mailjet repeats, and somebody who has never seen
 * the code finds out what failed and why, sees that nothing is lost, tries again, watches it drain, and tells one
 * customer why her mail bounced.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { newFolder, objectsOf, rowsOf, typedApart } from './inbox-file.ts'

const root = join(import.meta.dirname, '../../src')
const from = (path: string) => JSON.stringify(pathToFileURL(join(root, path)).href)

/** An application whose handler writes into a database that is reached over a port. */
const application = (port: number) => `import { defineConfig, PermanentError } from ${from('index.ts')}
import { basic } from ${from('auth/index.ts')}
import { sqlite } from ${from('inboxes/sqlite/index.ts')}
import { mailjet } from ${from('providers/mailjet/index.ts')}
async function save(event) {
  try {
    await fetch('http://127.0.0.1:${port}/', { method: 'POST', body: event.id })
  } catch ({ cause }) {
    throw Object.assign(new PermanentError('the database of customers: ' + cause.message), { code: cause.code })
  }
}
export default defineConfig({
  inbox: sqlite({ path: './inbox.db' }),
  sources: { news: mailjet({ auth: basic({ username: 'mailjet', password: 'a password of some length' }) }) },
  logger: false,
  setup: (receiver) => void receiver.on('*', { name: 'customers' }, save),
})`

const LOGIN = ['--basic', 'mailjet:a password of some length']
const customer = (n: number) => `customer${n}@shop.example`
const bounced = (n: number) => ({
  ...{ event: 'bounce', time: 1780000000 + n, MessageID: 70_000 + n, email: customer(n) },
  ...{
    blocked: false,
    hard_bounce: true,
    error_related_to: 'recipient',
    error: 'user unknown',
    comment: '550 5.1.1 no mailbox here',
  },
})

async function served(folder: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [join(root, 'cli/main.ts'), 'serve', '--port', '0', '--json'], {
    ...{ cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream }))
    return { child, url: JSON.parse(line).ready[0] }
  throw new Error('it did not start')
}

/** Listens where nobody listened before. */
async function databaseAt(port: number): Promise<Set<string>> {
  const saved = new Set<string>()
  const server = createServer(async (request, response) => {
    for await (const id of request) saved.add(String(id))
    response.end()
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return saved
}

describe('the night', () => {
  it('is found, understood, mended and explained by the command line alone', async () => {
    const [folder, port] = [newFolder(), await freePort()]
    writeFileSync(join(folder, 'posthorn.config.ts'), application(port))
    const { child, url } = await served(folder)
    const posthorn = async (...args: string[]) => {
      const ended = await typedApart(args, folder)
      return { ...ended, rows: rowsOf(ended.out) }
    }
    const checked = () => posthorn('inbox', 'check', '--max-age', '0s')
    const settled = async () => {
      for (;;) {
        const [stats] = objectsOf((await posthorn('inbox', 'stats', '--json')).out)
        if (stats?.pending === 0) return stats
      }
    }

    // Before the night: Mailjet posts, and posts the second delivery again.
    for (const [file, ...numbers] of [
      ['one', 1, 2, 3],
      ['two', 4, 5],
      ['two', 4, 5],
    ] as const) {
      writeFileSync(join(folder, `${file}.json`), JSON.stringify(numbers.map(bounced)))
      expect((await posthorn('send', '--to', url, '--file', `${file}.json`, ...LOGIN)).code).toBe(0)
    }
    await settled()

    // 03:10, cron: something is not well, and what.
    const alarm = await checked()
    expect([alarm.code, alarm.out]).toEqual([1, expect.stringContaining('5 dead letters')])
    // Of which handler, and why: one group, with the error.
    const { rows } = await posthorn('inbox', 'dead', '--group')
    expect(rows).toEqual([expect.arrayContaining(['5', 'customers', expect.stringMatching(/ECONNREFUSED/)])])
    const newest = rows[0]?.find((cell) => cell.startsWith('d_')) as string
    const { out: error } = await posthorn('inbox', 'show', newest)
    expect(error).toMatch(/PermanentError ECONNREFUSED: the database of customers: .*\n\tat .*posthorn\.config\.ts/)
    // Is anything lost? Every event that was sent is one of these, and the repeat was absorbed.
    const deliveries = objectsOf((await posthorn('inbox', 'ls', '--json')).out)
    expect(deliveries.map(({ events, duplicates }) => [events, duplicates])).toEqual([
      [2, 1],
      [3, 0],
    ])
    expect(await settled()).toMatchObject({ deadLetters: 5, quarantined: 0, unhandled: {}, cancelled: 0 })

    // The database is back. Nothing happens without being said, then everything does.
    const saved = await databaseAt(port)
    const retry = ['inbox', 'retry', 'handler:customers']
    expect((await posthorn(...retry)).code).toBe(4)
    expect((await posthorn(...retry, '--dry-run')).out).toBe('5 failures to be tried again; nothing was changed.\n')
    expect((await posthorn(...retry, '--yes')).out).toBe('5 of 5 are tried again.\n')
    expect(await settled()).toMatchObject({ deadLetters: 0 })
    expect(saved.size).toBe(5)
    expect((await checked()).out).toMatch(/^POSTHORN OK/)

    // "Why did customer 4 get no mail?"
    const asked = await posthorn('inbox', 'person', 'Customer4@Shop.example', '--utc')
    expect([asked.code, asked.rows]).toEqual([0, [expect.arrayContaining(['bounced', 'c***@shop.example', '70004'])]])
    expect(asked.err).toMatch(/^suppress: bounced, 2026-05-28 20:26:44Z hard: .*\n$/)
    const [mail] = objectsOf((await posthorn('inbox', 'message', '70004', '--json')).out)
    expect(mail).toMatchObject({ type: 'bounced', email: customer(4), bounce: { kind: 'hard' } })

    child.kill('SIGTERM')
    expect((await once(child, 'exit'))[0]).toBe(0)
  }, 120_000)
})
