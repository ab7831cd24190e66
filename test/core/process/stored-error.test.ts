import { expect, it, onTestFinished } from 'vitest'
import { Stacks, storedError, withError } from '../../../src/core/process/stored-error.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { createReceiver, type DeadLetter } from '../../../src/index.ts'
import type { StoredError } from '../../../src/ports/inbox/rows.ts'
import { rememberingLogger } from '../../support/log.ts'
import { all } from '../../support/receivers.ts'
import { toy } from '../../support/toy.ts'

const bytes = (errors: readonly StoredError[]) => Buffer.byteLength(JSON.stringify(errors))

const history = (attempts: number, error: (attempt: number) => unknown): StoredError[] => {
  let errors: StoredError[] = []
  for (let attempt = 1; attempt <= attempts; attempt++) errors = withError(errors, error(attempt), attempt, 0)
  return errors
}

it('keeps message, stack, causes and the errors of an AggregateError, for the first and the latest attempt', () => {
  const cause = Object.assign(new RangeError('too far', { cause: 'a text' }), { code: 'EFAR' })
  const errors = history(3, (attempt) => new AggregateError([new Error('one'), 'two'], `no ${attempt}`, { cause }))
  const whole = {
    name: 'AggregateError',
    stack: expect.stringMatching(/^at .*stored-error\.test\.ts:\d+:\d+/),
    cause: { name: 'RangeError', message: 'too far', code: 'EFAR', cause: { name: 'string', message: 'a text' } },
    errors: [{ message: 'one', stack: expect.any(String) }, { message: 'two' }],
  }
  expect(errors).toMatchObject([{ message: 'no 1', ...whole }, { message: 'no 2' }, { message: 'no 3', ...whole }])
  expect(Object.keys(errors[1]!)).toEqual(['attempt', 'at', 'name', 'message', 'code'])
})

it('keeps no code that says nothing', () => {
  expect(storedError(new DOMException('too late', 'TimeoutError'), 1, 0)).toMatchObject({
    name: 'TimeoutError',
    code: null,
  })
  expect(storedError(Object.assign(new Error('no'), { code: null }), 1, 0).code).toBeNull()
})

it.each([
  [{ error: 'quota', status: 429 }, "{ error: 'quota', status: 429 }"],
  [new Map([['error', 'quota']]), "Map(1) { 'error' => 'quota' }"],
])('keeps what an object without a message says: %o', (thrown, message) => {
  expect(storedError(thrown, 1, 0).message).toBe(message)
})

const circular = new Error('round')
circular.cause = circular
const deep = (depth: number): Error => new Error('x'.repeat(900), depth === 0 ? {} : { cause: deep(depth - 1) })

it.each([
  ['long messages', () => new Error('ü'.repeat(5_000))],
  ['control characters', () => Object.assign(new Error('\u0000'.repeat(5_000)), { code: '\u0001'.repeat(300) })],
  ['a cause of itself', () => circular],
  ['many causes', () => deep(20)],
  ['many errors', () => new AggregateError(Array.from({ length: 1_000 }, () => deep(3)))],
  ['a stack of another kind', () => Object.assign(new Error('no'), { stack: 'y'.repeat(90_000) })],
])('stores at most 4 kB: %s', (_what, error) => {
  const errors = history(36, error)
  expect(errors.map(({ attempt }) => attempt)).toEqual([1, 28, 29, 30, 31, 32, 33, 34, 35, 36])
  expect(bytes(errors)).toBeLessThanOrEqual(4_096)
})

it('looks at 20 of the errors that hold each other, however many there are', () => {
  let looked = 0
  const nested = (depth: number): Error => {
    const error = new AggregateError(depth === 0 ? [] : Array.from({ length: 5 }, () => nested(depth - 1)), 'no')
    return Object.defineProperty(error, 'code', { get: () => looked++ })
  }
  storedError(nested(4), 1, 0)
  expect(looked).toBe(21)
})

it('keeps of the events of a delivery that fail in one place one stack, which the others lead to', async () => {
  const told: DeadLetter[] = []
  const hooks = { deadLettered: (letter: DeadLetter) => void told.push(letter) }
  const logger = rememberingLogger()
  const receiver = createReceiver({ inbox: memory(), sources: { shop: toy() }, logger, hooks })
  onTestFinished(async () => void (await receiver.close()))
  receiver.on('toy.ping', { name: 'dies', retry: { attempts: 1 } }, async ({ delivery }) => {
    throw new Error(`event ${delivery.index}`)
  })
  await receiver.inject('shop', JSON.stringify(Array.from({ length: 50 }, () => ({ type: 'ping' }))))
  await receiver.whenIdle()
  const errors = (await all(receiver.inbox.deadLetters())).map((letter) => letter.errors[0])
  const [kept, ...more] = errors.filter((error) => error?.stack !== undefined)
  expect([errors.length, more]).toEqual([50, []])
  const place = Number(/\d+/.exec(kept?.message ?? '')?.[0])
  expect(errors.filter((error) => error?.stackAt === place)).toHaveLength(49)
  expect(kept?.stack).not.toContain('attempt.ts')
  expect(told.map(({ errors }) => errors[0])).toEqual(expect.arrayContaining(errors))
  await receiver.close()
  const lines = logger.lines.filter(({ facts }) => 'event' in facts && facts.event === 'handler.dead')
  const frame = expect.stringContaining('stored-error.test.ts')
  expect(lines.map(({ facts }) => facts)).toEqual([
    expect.objectContaining({ frame }),
    expect.objectContaining({ frame, times: 49 }),
  ])
})

it('takes lines of a message for no frames', () => {
  const { stack } = storedError(new Error('no\n    at jo@shop.example (/app/x.ts:1:1)'), 1, 0)
  expect(stack).toMatch(/^at .*stored-error\.test\.ts/)
  expect(stack).not.toContain('jo@')
})

it('keeps equal stacks once', () => {
  const [stacks, fail] = [new Stacks(), () => new Error('no')]
  const [first, second] = [5, 7].map((index) => stacks.once(history(1, fail), index)[0]!)
  expect(first!.stack).toMatch(/^at /)
  expect(second).toMatchObject({ stackAt: 5, message: 'no' })
  expect(second).not.toHaveProperty('stack')
})
