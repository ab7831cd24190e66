/** What a logger and hooks of users do when they fail: nothing. Every request is answered, every event is handled. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { header } from '../../src/auth/index.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { createReceiver, type Hooks, PermanentError } from '../../src/index.ts'
import { rememberingLogger } from '../support/log.ts'
import { toy } from '../support/toy.ts'

const KEY = 'a-secret-of-some-length'
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-users-'))
})

afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true, force: true })
})

const inboxes = { memory, sqlite: () => sqlite({ path: join(folder, 'inbox.db') }) }

/** Every hook there is; what they were called with does not matter. */
const allHooks = (hook: () => unknown): Hooks =>
  ({ failed: hook, deadLettered: hook, quarantined: hook, rejected: hook, unhandled: hook }) as Hooks // may return a promise

const throws = () => {
  throw new Error('down')
}
const failures = { 'that throw': throws, 'that reject': async () => throws() }

describe.each(Object.entries(inboxes))('over %s', (_name, inbox) => {
  it.each(Object.entries(failures))('a logger and hooks %s change nothing', async (_how, fail) => {
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const hook = vi.fn(fail)
    const receiver = createReceiver({
      inbox: inbox(),
      sources: { shop: toy({ auth: header('x-key', KEY) }) },
      logger: { info: fail, warn: fail, error: fail },
      hooks: allHooks(hook),
    })
    const handled: string[] = []
    receiver.on(
      'toy.ping',
      { name: 'fails once', retry: { attempts: 2, minMs: 0, maxMs: 0 } },
      (event, { attempt }) => {
        if (attempt === 1) throw new Error('not yet')
        handled.push(event.id)
      },
    )
    receiver.on('toy.ping', { name: 'dies' }, () => {
      throw new PermanentError('never')
    })
    const post = async (body: string, headers: Record<string, string> = { 'x-key': KEY }, path = '/shop') => {
      const response = await receiver.handle(new Request(`http://localhost${path}`, { method: 'POST', body, headers }))
      return response.status
    }
    expect(await post('{"type":"ping"}')).toBe(200)
    expect(await post('{"type":"pong"}')).toBe(200)
    expect(await post('not JSON')).toBe(200)
    expect(await post('[]')).toBe(200)
    expect(await post('{}', {})).toBe(401)
    expect(await post('{}', {}, '/nowhere')).toBe(404)
    await vi.waitFor(() => expect(handled).toHaveLength(1))
    await receiver.whenIdle()
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, deadLetters: 1, quarantined: 1 })
    expect(hook).toHaveBeenCalledTimes(6)
    expect(await receiver.close()).toMatchObject({ drained: true })
    expect(stderr.mock.calls.join('')).toContain('handler "dies" failed for good')
  })
})

it('an orderBy that answers with a promise, also one that rejects, costs its own event only', async () => {
  const receiver = createReceiver({ inbox: memory(), sources: { shop: toy() }, logger: false })
  const orderBy = (async () => throws()) as unknown as () => string
  const handled = vi.fn()
  receiver.on('toy.ping', { name: 'ordered', orderBy, retry: { attempts: 1 } }, handled)
  await receiver.inject('shop', '{"type":"ping"}')
  await receiver.whenIdle()
  const dead: unknown[] = []
  for await (const one of receiver.inbox.deadLetters()) dead.push(one)
  expect(dead).toEqual([expect.objectContaining({ handler: 'ordered' })])
  expect(JSON.stringify(dead)).toContain('got a promise')
  expect(handled).not.toHaveBeenCalled()
  await receiver.close()
})

it.each(['pause', 'resume'] as const)('%s of what is no name costs no sender its answer', async (verb) => {
  const receiver = createReceiver({ inbox: inboxes.sqlite(), sources: { shop: toy() }, logger: false })
  await receiver.start()
  const post = (n: number) =>
    receiver.handle(new Request('http://localhost/shop', { method: 'POST', body: `{"type":"ping","n":${n}}` }))
  const wrong = () => receiver.inbox[verb](Symbol('no name') as unknown as string)
  // All three are within one group of what is stored together.
  const [before, , after] = await Promise.all([post(1), expect(wrong()).rejects.toThrow(), post(2)])
  expect([before.status, after.status]).toEqual([200, 200])
  await receiver.close()
})

describe('hooks', () => {
  const sources = { shop: toy() }

  it('keep their this, also as methods of a class', async () => {
    class Own {
      #calls = 0
      rejected() {
        this.#calls++
      }
      get calls() {
        return this.#calls
      }
    }
    const own = new Own()
    const receiver = createReceiver({ inbox: memory(), sources, logger: false, hooks: own as Hooks })
    await receiver.handle(new Request('http://localhost/shop', { method: 'PUT' }))
    expect(own.calls).toBe(1)
  })

  it.each([{ rejected: 'yes' }, { failed: null }, { deadlettered: () => {} }])('are refused: %s', (hooks) => {
    expect(() => createReceiver({ inbox: memory(), sources, hooks: hooks as unknown as Hooks })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION' }),
    )
  })

  it('that reject are told of', async () => {
    const logger = rememberingLogger()
    const receiver = createReceiver({ inbox: memory(), sources, logger, hooks: { rejected: async () => throws() } })
    await receiver.handle(new Request('http://localhost/shop', { method: 'PUT' }))
    await vi.waitFor(() => expect(logger.text()).toContain('the hook \\"rejected\\" threw'))
  })
})
