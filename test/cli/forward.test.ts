import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Log, nextAfter } from '../../src/cli/forward/log.ts'
import type { Page } from '../../src/ports/inbox/records.ts'
import { bodyOf, listening } from '../emulators/site.ts'
import { newFolder, objectsOf, receiverAt, type Typed } from './inbox-file.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')

/** An inbox with so many deliveries, numbered in their order; no handler has seen them when they come in. */
async function inboxOf(count: number, folder = newFolder()) {
  const path = join(folder, 'inbox.db')
  const { receiver } = receiverAt(path)
  await receiver.start()
  const inject = (n: number) => receiver.inject('shop', JSON.stringify([{ n }]))
  for (let n = 0; n < count; n++) await inject(n)
  return { path, receiver, inject, close: () => receiver.close() }
}

/** A server that notes the number of each delivery it gets, and answers as it is told. */
async function localServer(answer: (n: number, times: number) => number = () => 200) {
  const got: number[] = []
  const headers: Array<Record<string, unknown>> = []
  const times = new Map<number, number>()
  const url = await listening(async (request, response) => {
    const [{ n }] = JSON.parse(await bodyOf(request))
    got.push(n)
    headers.push(request.headers)
    times.set(n, (times.get(n) ?? 0) + 1)
    response.writeHead(answer(n, times.get(n) ?? 0)).end()
  })
  return { url: `${url}/webhooks/shop`, got, headers }
}

function forwarding(path: string, state: string, to: string, ...args: string[]) {
  const child = spawn(process.execPath, [main, 'forward', '--inbox', path, '--to', to, ...args], {
    env: { ...process.env, XDG_STATE_HOME: state },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function forwarded(...args: Parameters<typeof forwarding>): Promise<Typed> {
  return endOf(forwarding(...args))
}

async function endOf(child: ChildProcess): Promise<Typed> {
  let [out, err] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    out += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    err += text
  })
  const [code] = await once(child, 'close')
  return { code, out, err }
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

describe('posthorn forward', () => {
  it('misses nothing and keeps the order, killed 20 times over 1000 deliveries', async () => {
    const { path, close } = await inboxOf(1_000)
    await close()
    const state = newFolder()
    let [next, kill] = [40, () => {}]
    const { url, got } = await localServer((n) => {
      // In the middle of a post: nobody gets this answer.
      if (n === next) {
        next += 45
        kill()
      }
      return 200
    })
    let kills = 0
    while (kills < 20) {
      const child = forwarding(path, state, url, '--from', 'start')
      kill = () => child.kill('SIGKILL')
      const [, signal] = await once(child, 'exit')
      expect(signal).toBe('SIGKILL')
      kills++
    }
    expect(await forwarded(path, state, url, '--once')).toMatchObject({ code: 0, err: '' })
    expect([...new Set(got)]).toEqual(upTo(1_000))
    expect(got.filter((n, at) => n !== got[at - 1])).toEqual(upTo(1_000))
    expect(got.length).toBeLessThanOrEqual(1_020)
  }, 240_000)

  it('begins with what comes from now on, follows its owner, and ends at a signal', async () => {
    const { path, inject, close } = await inboxOf(3)
    const [state, { url, got }] = [newFolder(), await localServer((n) => (n === 4 && child.kill('SIGINT') ? 201 : 200))]
    const child = forwarding(path, state, url, '--json', '--name', 'mine')
    const ended = endOf(child)
    await once(child.stdout ?? child, 'data')
    for (const n of [3, 4]) await inject(n)
    const { code, out, err } = await ended
    await close()
    expect([code, err, got]).toEqual([0, '', [3, 4]])
    const [ready, ...lines] = objectsOf(out)
    expect(ready).toEqual({
      ready: url,
      after: expect.stringMatching(/^d_/),
      cursor: join(state, 'posthorn/forward/mine.json'),
    })
    expect(lines).toMatchObject([{ source: 'shop', status: 200, tries: 1 }, { status: 201 }])
  })

  it('tries again until it is taken', async () => {
    const { path, close } = await inboxOf(3)
    await close()
    const { url, got } = await localServer((n, times) => (n === 1 && times < 3 ? 503 : 200))
    const { code, err } = await forwarded(path, newFolder(), url, '--from', 'start', '--once')
    expect([code, got]).toEqual([0, [0, 1, 1, 1, 2]])
    expect(err).toMatch(/^d_\w+: answered 503; tried again until it is taken\.\n$/)
  })

  it('passes over what was refused too often, says so, and ends with 5', async () => {
    const { path, close } = await inboxOf(3)
    await close()
    const { url, got } = await localServer((n) => (n === 1 ? 400 : 204))
    const { code, err } = await forwarded(path, newFolder(), url, '--from', 'start', '--once', '--skip-after', '2')
    expect([code, got]).toEqual([5, [0, 1, 1, 2]])
    expect(err).toMatch(/is passed over: answered 400 2 times/)
  })

  it('posts with credentials of this side, the bytes and the headers of record', async () => {
    const { path, receiver, close } = await inboxOf(1)
    const [first] = await rows(receiver.inbox.deliveries())
    await close()
    const { url, headers } = await localServer()
    const where = ['--from', String(first?.id), '--once', '--token', 'local', '--name', 'x']
    expect(await forwarded(path, newFolder(), url, ...where)).toMatchObject({ code: 0 })
    expect(headers).toMatchObject([{ 'x-messagesystems-webhook-token': 'local' }])
  })

  it('posts what the filter asks for', async () => {
    const { path, receiver, close } = await inboxOf(2)
    await receiver.inject('news', JSON.stringify([{ n: 7 }]))
    await close()
    const { url, got } = await localServer()
    expect(await forwarded(path, newFolder(), url, '--from', 'start', '--once', 'source:news')).toMatchObject({
      code: 0,
    })
    expect(got).toEqual([7])
  })

  it('tells the cursor of another inbox, and what is no cursor', async () => {
    const [one, other] = [await inboxOf(3), await inboxOf(2)]
    await one.receiver.inject('shop', '[{"n":9}]')
    await other.receiver.inject('shop', '[{"n":8}]')
    await one.close()
    await other.close()
    const [state, { url, got }] = [newFolder(), await localServer()]
    const once = ['--from', 'start', '--once', '--name', 'n']
    expect(await forwarded(one.path, state, url, ...once)).toMatchObject({ code: 0 })
    const told = { code: 2, err: expect.stringContaining('another inbox') }
    expect(await forwarded(other.path, state, url, ...once)).toMatchObject(told)
    expect(await forwarded(other.path, state, url, ...once, '--reset')).toMatchObject({ code: 0 })
    expect(got).toEqual([0, 1, 2, 9, 0, 1, 8])
    const cursor = join(state, 'posthorn/forward/n.json')
    expect(JSON.parse(readFileSync(cursor, 'utf8'))).toEqual({ seq: 3, id: expect.stringMatching(/^d_/) })
    writeFileSync(cursor, '{')
    expect(await forwarded(other.path, state, url, ...once)).toMatchObject({
      code: 2,
      err: expect.stringContaining('no cursor'),
    })
  })
})

describe('the log', () => {
  /** Places that are there, and those of them whose handlers are done. */
  const logOf = (there: readonly number[], handled = there): Log => {
    const row = (seq: number) => ({ seq, id: `d_${seq}` }) as never
    return {
      read: async (seq) => (there.includes(seq) ? row(seq) : null),
      list: async (_: unknown, { before, limit }: Page) =>
        [...there]
          .reverse()
          .filter((seq) => before === null || seq < before)
          .slice(0, limit)
          .map(row),
      history: async ({ after, limit }) =>
        handled
          .filter((seq) => seq > after)
          .slice(0, limit)
          .map(row),
    }
  }
  const behind = async (log: Log, seq: number) => (await nextAfter(log, seq))?.seq ?? null

  it('goes on behind what is gone, and passes over nothing that is not handled yet', async () => {
    expect(await behind(logOf([1, 2, 3]), 1)).toBe(2)
    expect(await behind(logOf([1, 2, 3]), 3)).toBe(null)
    expect(await behind(logOf([]), 0)).toBe(null)
    expect(await behind(logOf([500, 501]), 3)).toBe(500)
    expect(await behind(logOf([500, 900, 901], [901]), 3)).toBe(500)
    expect(await behind(logOf([500, 900], []), 3)).toBe(500)
    const many = Array.from({ length: 2_500 }, (_, n) => n + 10)
    expect(await behind(logOf(many, []), 3)).toBe(10)
  })
})

async function rows<T>(from: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const row of from) found.push(row)
  return found
}
