/** Lists page by page, by columns, and watched; each watch in a process of its own, ended as somebody does who sits there. */
import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { bounce, dumped, newFolder, objectsOf, receiverAt, rowsOf, seeded, typed } from './inbox-file.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')
let path: string
beforeAll(async () => {
  path = (await seeded()).path
})

const look = (...args: string[]) => typed(['inbox', ...args, '--inbox', path, '--utc'])

/** Lines as they come; ended at a signal. */
function watched(args: readonly string[]) {
  const child = spawn(process.execPath, [main, 'inbox', ...args, '--watch', '--every', '20ms'])
  let out = ''
  let wake = () => {}
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text
    wake()
  })
  const code = new Promise<number | null>((resolve) => child.once('close', resolve))
  return {
    /** Resolves when there are so many. */
    async lines(count: number) {
      while (objectsOf(out.slice(0, out.lastIndexOf('\n') + 1)).length < count)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      return objectsOf(out)
    },
    stop(signal: NodeJS.Signals) {
      child.kill(signal)
      return code
    },
  }
}

it('goes on behind the last row, to the end', async () => {
  for (const [command, key] of [
    ['ls', ({ id }: Row) => id],
    ['events', ({ id }: Row) => id],
    ['dead', ({ event, handler }: Row) => `${event?.id}/${handler}`],
  ] as const) {
    const whole = objectsOf((await look(command, '--json')).out) as unknown as Row[]
    const paged: Row[] = []
    for (let after: string[] = []; ; ) {
      const { out, err } = await look(command, '--json', '--limit', '1', ...after)
      const [row] = objectsOf(out) as unknown as Row[]
      if (row === undefined) break
      expect(err).toBe(`1 shown; more with --after ${key(row)}, or --limit.\n`)
      paged.push(row)
      after = ['--after', String(key(row))]
    }
    expect(paged).toEqual(whole)
  }
  expect(await look('ls', '--after', `d_${'a'.repeat(26)}`)).toMatchObject({ code: 2, out: '' })
  expect(await look('ls', '--after', 'x', '--watch')).toMatchObject({ code: 2, out: '' })
}, 120_000)

interface Row {
  readonly id?: string
  readonly event?: { readonly id: string }
  readonly handler?: string
}

it('has the columns that are asked for, in their order, on a narrow terminal too', async () => {
  const { out } = await look('dead', '--fields', 'type,handler')
  expect(rowsOf(out)).toEqual([
    ['bounced', 'suppress'],
    ['bounced', 'suppress'],
  ])
  const narrow = await typed(['inbox', 'dead', '--inbox', path, '--fields', 'since,type'], 80)
  expect(narrow.out.split('\n')[0]).toMatch(/since +type\W/)
  expect(rowsOf((await look('senders', '--fields', 'last-delivery')).out)[0]).toHaveLength(1)
  expect(await look('ls', '--fields', 'sourc')).toMatchObject({ code: 2, err: expect.stringContaining('"source"') })
  expect(await look('ls', '--fields', 'source', '--json')).toMatchObject({ code: 2, out: '' })
})

it('is quiet, or tells more', async () => {
  expect(await look('ls', '--limit', '1', '--quiet')).toMatchObject({ code: 0, err: '' })
  expect((await look('ls', '--limit', '1', '-v')).err).toContain('receiving /')
  expect((await look('ls', 'nope:1', '--quiet')).err).toContain('"nope"')
  const { err } = await look('ls', 'nope:1', '-v')
  expect(err).toMatch(/FilterError: .*\n +at /)
})

it('writes what is new and what has changed, the oldest first, until a signal', async () => {
  const file = join(newFolder(), 'inbox.db')
  const { receiver } = receiverAt(file)
  await receiver.start()
  const [list, stats] = [watched(['ls', '--inbox', file]), watched(['stats', '--inbox', file])]
  try {
    expect(await stats.lines(1)).toMatchObject([{ deadLetters: 0 }])
    for (const n of [1, 2]) {
      await receiver.inject('shop', dumped(bounce(n)))
      await receiver.whenIdle()
      const lines = await list.lines(n)
      expect(lines.at(-1)).toMatchObject({ source: 'shop' })
      await stats.lines(n + 1)
    }
    await receiver.inject('shop', '[nothing')
    await receiver.whenIdle()
    const rows = await list.lines(3)
    const times = rows.map(({ receivedAt }) => String(receivedAt))
    expect(times).toEqual(times.toSorted())
    expect(new Set(rows.map(({ id }) => id)).size).toBeGreaterThan(1)
    expect([await list.stop('SIGINT'), await stats.stop('SIGTERM')]).toEqual([0, 0])
    expect((await stats.lines(3)).at(-1)).toMatchObject({ deadLetters: 2 })
  } finally {
    await receiver.close()
  }
}, 60_000)

it.skipIf(process.platform !== 'linux')(
  'ends with 0 when nobody reads on, though nothing comes that it could write',
  async () => {
    for (const command of ['ls', 'events', 'stats']) {
      const words = [process.execPath, main, 'inbox', command, '--inbox', path, '--watch', '--every', '1h']
      const piped = `set -o pipefail; ${words.map((word) => `'${word}'`).join(' ')} | head -n 1`
      const ended = await new Promise<{ code: unknown; out: string }>((resolve) => {
        execFile('bash', ['-c', piped], (error, out) => resolve({ code: error?.code ?? 0, out }))
      })
      expect([ended.code, objectsOf(ended.out).length]).toEqual([0, 1])
    }
  },
  60_000,
)
