import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { PosthornError } from '../../../../src/errors.ts'
import { memory } from '../../../../src/inboxes/memory/index.ts'
import { sqlite } from '../../../../src/inboxes/sqlite/index.ts'
import type { Inbox } from '../../../../src/ports/inbox/index.ts'
import { type OnceFacts, onceFor, type WorkflowCall } from '../../../../src/providers/esputnik/index.ts'
import { broken } from '../../../support/broken-inbox.ts'
import { settled } from '../../../support/fake-clock.ts'
import { all } from '../../../support/receivers.ts'
import { type Params, workflowIn } from '../../../support/workflow.ts'

type Call = WorkflowCall<Params>
const byEmail = (call: Call) => call.params.email
const JO = '?email=jo@shop.example'
const AL = '?email=al@shop.example'

const HOUR = 3_600_000

let folder: string | null = null
afterEach(() => {
  if (folder !== null) rmSync(folder, { recursive: true })
  folder = null
})

/** The same store, opened again and again. */
const stores: ReadonlyArray<readonly [name: string, newStore: () => () => Inbox]> = [
  [
    'memory',
    () => {
      const inbox = memory()
      return () => inbox
    },
  ],
  [
    'sqlite',
    () => {
      folder ??= mkdtempSync(join(tmpdir(), 'posthorn-once-'))
      const path = join(folder, 'inbox.db')
      return () => sqlite({ path })
    },
  ],
]

/** Hands out codes 1, 2, 3, …, whatever the key: what is handed out twice shows. */
function codes() {
  const made: OnceFacts[] = []
  const make = vi.fn(async (_call: Call, facts: OnceFacts) => {
    made.push(facts)
    return { promocode: String(made.length) }
  })
  return { make, made }
}

const codeOf = async (answer: Promise<Response>) => ((await (await answer).json()) as { promocode?: string }).promocode

describe.each(stores)('once for each key, over %s', (_, newStore) => {
  it('is made once, and handed out again to every later call, also of the next process', async () => {
    const open = newStore()
    const { make, made } = codes()
    const first = workflowIn({ respond: onceFor(byEmail, make) }, { inbox: open() })
    expect(await codeOf(first.ask(JO))).toBe('1')
    expect(await codeOf(first.ask(AL))).toBe('2')
    expect(await codeOf(first.ask(JO))).toBe('1')
    await first.receiver.close()
    const second = workflowIn({ respond: onceFor(byEmail, make) }, { inbox: open() })
    expect(await codeOf(second.ask(JO))).toBe('1')
    expect(await codeOf(second.ask(AL))).toBe('2')
    expect(made).toEqual([
      { key: 'jo@shop.example', again: false },
      { key: 'al@shop.example', again: false },
    ])
    await second.receiver.close()
  })

  it('is made once for calls that come together, each of which gets an answer of its own', async () => {
    const open = newStore()
    const { promise, resolve } = Promise.withResolvers<object>()
    const make = vi.fn(() => promise)
    const answers: object[] = []
    const once = onceFor(byEmail, make)
    const respond = async (call: Call) => {
      const answer = await once(call)
      answers.push(answer)
      return answer
    }
    const { ask, receiver } = workflowIn({ respond }, { inbox: open() })
    await receiver.start()
    const asked = Array.from({ length: 10 }, () => ask(JO))
    await vi.waitFor(() => expect(make).toHaveBeenCalled())
    resolve({ promocode: 'X' })
    expect(await Promise.all(asked.map(codeOf))).toEqual(Array(10).fill('X'))
    expect(make).toHaveBeenCalledTimes(1)
    expect(new Set(answers).size).toBe(10)
    await receiver.close()
  })

  it('is asked for again, and told so, where the call that reserved the key failed', async () => {
    const open = newStore()
    const facts: OnceFacts[] = []
    const make = async (_call: Call, fact: OnceFacts) => {
      facts.push(fact)
      if (facts.length === 1) throw new Error('the shop is closed')
      return { promocode: 'X' }
    }
    const { ask, receiver } = workflowIn({ respond: onceFor(byEmail, make) }, { inbox: open() })
    expect((await ask(JO)).status).toBe(500)
    expect(await codeOf(ask(JO))).toBe('X')
    expect(await codeOf(ask(JO))).toBe('X')
    expect(facts.map(({ again }) => again)).toEqual([false, true])
    await receiver.close()
  })

  it('goes with its person: what is erased is asked for again', async () => {
    const open = newStore()
    const { make, made } = codes()
    const { ask, receiver, clock } = workflowIn({ respond: onceFor(byEmail, make) }, { inbox: open() })
    await ask(JO)
    await vi.waitFor(async () => expect(await all(receiver.inbox.deliveries())).toHaveLength(3))
    await receiver.whenIdle()
    const stored = await all(receiver.inbox.export({ email: 'jo@shop.example' }))
    expect(stored.map(({ event }) => event?.name).sort()).toEqual([
      'esputnik.workflow_call',
      'esputnik.workflow_once',
      'esputnik.workflow_once',
    ])
    const erasing = receiver.inbox.erase({ email: 'jo@shop.example' })
    // The files are gone through from time to time.
    let erased: unknown = null
    void erasing.then((report) => {
      erased = report
    })
    while (erased === null) await clock.advance(100)
    expect(erased).toMatchObject({ queued: 3 })
    expect(await codeOf(ask(JO))).toBe('2')
    expect(made.at(-1)).toEqual({ key: 'jo@shop.example', again: true })
    await receiver.close()
  })
})

describe('onceFor', () => {
  it('never calls make where the key cannot be stored: 503, or the fallback', async () => {
    const inbox = broken(memory())
    const { make } = codes()
    const plain = workflowIn({ respond: onceFor(byEmail, make) }, { inbox })
    await plain.receiver.start()
    for (const code of ['ERR_INBOX_IO', 'ERR_INBOX_FULL', 'ERR_INBOX_CORRUPT'] as const) {
      inbox.fail(new PosthornError(code, 'no'))
      const answer = await plain.ask(JO)
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '30'])
    }
    expect(make).not.toHaveBeenCalled()
    inbox.fail(null)
    expect(await codeOf(plain.ask(JO))).toBe('1')
    const other = broken(memory())
    const kind = workflowIn({ respond: onceFor(byEmail, make), fallback: { promocode: '' } }, { inbox: other })
    await kind.receiver.start()
    other.fail(new PosthornError('ERR_INBOX_IO', 'no'))
    const instead = await kind.ask(JO)
    expect([instead.status, await instead.json()]).toEqual([200, { promocode: '' }])
    expect(make).toHaveBeenCalledTimes(1)
  })

  it('does not call make for an inbox that is not open', async () => {
    const inbox = broken(memory())
    inbox.failOpening(new PosthornError('ERR_INBOX_OWNED', 'another process has it'))
    const { make } = codes()
    expect((await workflowIn({ respond: onceFor(byEmail, make) }, { inbox }).ask(JO)).status).toBe(503)
    expect(make).not.toHaveBeenCalled()
  })

  it('does not call make for a caller that has gone while its key was stored', async () => {
    const inbox = broken(memory())
    const hold = inbox.hold()
    const { make } = codes()
    const { ask, clock, receiver } = workflowIn({ respond: onceFor(byEmail, make), timeoutMs: 100 }, { inbox })
    await receiver.start()
    const asked = ask(JO)
    await clock.advance(100)
    expect((await asked).status).toBe(504)
    hold.release()
    await settled()
    expect(make).not.toHaveBeenCalled()
    expect(await codeOf(ask(JO))).toBe('1')
  })

  it('is made for those who still wait, where the caller it began for has gone', async () => {
    const inbox = broken(memory())
    const hold = inbox.hold()
    const { make } = codes()
    const { ask, clock, receiver } = workflowIn({ respond: onceFor(byEmail, make), timeoutMs: 100 }, { inbox })
    await receiver.start()
    const first = ask(JO)
    await clock.advance(60)
    const others = [ask(JO), ask(JO)]
    await clock.advance(40)
    expect((await first).status).toBe(504)
    hold.release()
    expect(await Promise.all(others.map(codeOf))).toEqual(['1', '1'])
    expect(make).toHaveBeenCalledOnce()
  })

  it('is asked for again for those who still wait, where make gave up with the call it was given', async () => {
    const facts: OnceFacts[] = []
    const make = vi.fn(async ({ signal }: Call, fact: OnceFacts) => {
      facts.push(fact)
      if (facts.length === 1) await new Promise((_, reject) => signal.addEventListener('abort', reject))
      return { promocode: fact.key }
    })
    const { ask, clock, receiver } = workflowIn({ respond: onceFor(byEmail, make), timeoutMs: 100 })
    await receiver.start()
    const first = ask(JO)
    await clock.advance(60)
    const second = ask(JO)
    await clock.advance(40)
    expect((await first).status).toBe(504)
    expect(await codeOf(second)).toBe('jo@shop.example')
    expect(facts.map(({ again }) => again)).toEqual([false, true])
  })

  it('hands out an answer for as long as it is kept, also where its key was let go of before', async () => {
    const make = vi.fn(async (_call: Call, { again }: OnceFacts) => {
      if (!again) throw new Error('not yet')
      return { promocode: 'X' }
    })
    const retention = { bodies: '48h', keys: '48h' }
    const { ask, clock, receiver } = workflowIn({ respond: onceFor(byEmail, make) }, { receiver: { retention } })
    const kept = async () => (await all(receiver.inbox.deliveries())).length
    expect((await ask(JO)).status).toBe(500)
    await clock.advance(47 * HOUR)
    expect(await codeOf(ask(JO))).toBe('X')
    await settled()
    expect(await kept()).toBe(4)
    await clock.advance(2 * HOUR)
    await receiver.inbox.prune()
    expect(await kept()).toBe(2)
    expect(await codeOf(ask(JO))).toBe('X')
    expect(make).toHaveBeenCalledTimes(2)
    await receiver.close()
  })

  it('hands out what was made where its answer cannot be stored, and asks for it again', async () => {
    const inbox = broken(memory())
    const facts: OnceFacts[] = []
    const make = async (_call: Call, fact: OnceFacts) => {
      facts.push(fact)
      inbox.fail(new PosthornError('ERR_INBOX_IO', 'no'))
      return { promocode: 'X' }
    }
    const { ask, receiver } = workflowIn({ respond: onceFor(byEmail, make) }, { inbox })
    await receiver.start()
    expect(await codeOf(ask(JO))).toBe('X')
    inbox.fail(null)
    expect(await codeOf(ask(JO))).toBe('X')
    expect(facts.map(({ again }) => again)).toEqual([false, true])
  })

  it('keeps apart what has names of its own, and refuses two of one name', async () => {
    const code = onceFor(byEmail, () => ({ promocode: 'X' }))
    const token = onceFor(byEmail, () => ({ token: 'Y' }), { name: 'token' })
    const both = async (call: Call) => ({ ...(await code(call)), ...(await token(call)) })
    expect(await (await workflowIn({ respond: both }).ask(JO)).json()).toEqual({ promocode: 'X', token: 'Y' })
    const twin = onceFor(byEmail, () => ({ token: 'Y' }))
    const clash = async (call: Call) => ({ ...(await code(call)), ...(await twin(call)) })
    expect((await workflowIn({ respond: clash }).ask(JO)).status).toBe(500)
  })

  it.each([[''], [null], [undefined], [7], ['x'.repeat(1_025)]])('refuses a key that is none: %#', async (key) => {
    const make = vi.fn()
    // Types would refuse some of them too.
    const { ask } = workflowIn({ respond: onceFor(() => key as string, make) })
    expect((await ask(JO)).status).toBe(500)
    expect(make).not.toHaveBeenCalled()
  })

  it('refuses what are no functions, and a call that is none', async () => {
    const coded = expect.objectContaining({ code: 'ERR_OPTION' })
    // Types would refuse them too.
    const wrong = onceFor as unknown as (...given: unknown[]) => unknown
    expect(() => wrong('email', () => ({}))).toThrow(coded)
    expect(() => wrong(byEmail)).toThrow(coded)
    expect(() => wrong(byEmail, () => ({}), { name: '' })).toThrow(coded)
    expect(() => wrong(byEmail, () => ({}), { nmae: 'codes' })).toThrow(coded)
    expect(() => wrong(byEmail, () => ({}), null)).toThrow(coded)
    await expect(onceFor(byEmail, () => ({}))({ params: { email: 'x' } } as Call)).rejects.toEqual(coded)
  })
})
