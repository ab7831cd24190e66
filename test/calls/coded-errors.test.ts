/** Every function and method, with every value that is not meant: an error with a code, or none. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { token } from '../../src/auth/index.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { createReceiver, OptionError, PosthornError } from '../../src/index.ts'
import { momentum } from '../../src/providers/momentum/index.ts'

const root = new URL('../../', import.meta.url)

const newReceiver = () =>
  createReceiver({
    inbox: memory(),
    sources: { shop: momentum({ auth: token('a-secret-of-some-length') }) },
    logger: false,
  })

/** None of them throws when it is looked at. */
const VALUES: readonly (() => unknown)[] = [
  ...[undefined, null, 7, 1n, Number.NaN, 'text', 'shop', Symbol('word')].map((value) => () => value),
  ...[() => [], () => [null], () => ({}), () => new Date(Number.NaN), () => Promise.resolve({})],
  ...[() => () => {}, newReceiver],
]

/** No arguments, one, two, and two behind a name or a receiver. */
const LISTS = [
  [],
  ...VALUES.map((value) => [value]),
  ...VALUES.flatMap((first) => VALUES.map((second) => [first, second])),
  ...VALUES.flatMap((second) => VALUES.map((third) => [() => 'shop', second, third])),
  ...VALUES.flatMap((second) => VALUES.map((third) => [newReceiver, second, third])),
]

type Callable = (...args: unknown[]) => unknown

/** Errors are made of whatever their message is. */
const LEFT_OUT = /Error$/
/** Objects of zod, which have methods of their own. */
const ENTRIES_LEFT_OUT = /zod/

async function exported(): Promise<[string, Callable][]> {
  const { exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
  const found: [string, Callable][] = []
  for (const [entry, { types }] of Object.entries<{ types?: string }>(exports)) {
    if (types === undefined || ENTRIES_LEFT_OUT.test(entry)) continue
    const module = await import(new URL(types.replace('./dist/types/', 'src/').replace('.d.ts', '.ts'), root).href)
    for (const [name, value] of Object.entries(module))
      if (typeof value === 'function' && !LEFT_OUT.test(name)) found.push([`${entry} ${name}`, calling(value)])
  }
  return found
}

function calling(value: object): Callable {
  const isClass = String(value).startsWith('class')
  return (...args) => (isClass ? Reflect.construct(value as never, args) : (value as Callable)(...args))
}

function methods(): [string, Callable][] {
  const own = [
    'on',
    'onBatch',
    'handle',
    'start',
    'close',
    'whenIdle',
    'drain',
    'inject',
    'health',
    'metrics',
    'addSource',
    'removeSource',
    'reloadSecrets',
  ]
  const call = (owner: object, name: string, args: unknown[]) =>
    Reflect.apply(Reflect.get(owner, name) as Callable, owner, args)
  return [
    ...own.map((name): [string, Callable] => [`receiver.${name}`, (...args) => call(newReceiver(), name, args)]),
    ...Object.keys(newReceiver().inbox).map((name): [string, Callable] => [
      `inbox.${name}`,
      (...args) => call(newReceiver().inbox, name, args),
    ]),
  ]
}

/** Of `closeOnSignals`, which would listen on to the signals of this process. */
const disposed = (one: Disposable) => one[Symbol.dispose]()

/** What is thrown without a code, at once or later. */
async function rawErrorOf(call: Callable, args: unknown[]): Promise<unknown> {
  try {
    const result = await call(...args)
    if (typeof result === 'object' && result !== null && Symbol.dispose in result) disposed(result as Disposable)
    if (typeof result === 'object' && result !== null && Symbol.asyncIterator in result)
      for await (const _ of result as AsyncIterable<unknown>) break
  } catch (error) {
    return error instanceof OptionError || error instanceof PosthornError ? undefined : error
  }
}

const functions = [...(await exported()), ...methods()]

it('finds the functions', () => {
  const names = functions.map(([name]) => name)
  expect(names).toEqual(expect.arrayContaining(['. createReceiver', './read verify', 'receiver.on', 'inbox.drop']))
  expect(names.length).toBeGreaterThan(50)
})

it.each(functions)(
  '%s throws no error without a code',
  async (_, call) => {
    for (const makers of LISTS) {
      const args = makers.map((make) => make())
      const raw = await rawErrorOf(call, args)
      expect(raw, args.map((value) => String(Object.prototype.toString.call(value))).join()).toBeUndefined()
    }
  },
  60_000,
)
