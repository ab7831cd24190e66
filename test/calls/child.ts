/**
 * Calls every function that the package exports, and the methods of what they return, with arbitrary arguments, in a
 * folder of its own. argv: seed, number of cases. Writes what was called as JSON, or what went wrong, and exits with 1.
 */
import { readFileSync } from 'node:fs'
import { types } from 'node:util'
import fc from 'fast-check'
import { argument, type Make, usedReceiver } from './arguments.ts'

const root = new URL('../../', import.meta.url)
const [seed, numRuns] = process.argv.slice(2).map(Number)
/** A call that has not ended by then hangs: nothing here waits for as long. */
const HANGS_MS = 20_000

type Callable = (...args: unknown[]) => unknown

interface Step {
  /** Which of the functions within reach. */
  readonly pick: number
  readonly args: readonly Make[]
}

const step: fc.Arbitrary<Step> = fc.record({ pick: fc.nat(10_000), args: fc.array(argument, { maxLength: 3 }) })

const faults: unknown[] = []
process.on('unhandledRejection', (error) => faults.push(error))
process.on('uncaughtException', (error) => faults.push(error))
process.exit = ((code: unknown) => {
  faults.push(new Error(`process.exit(${code})`))
}) as typeof process.exit

interface Named {
  readonly name: string
  readonly call: Callable
}

async function exported(): Promise<Named[]> {
  const { exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
  const found: Named[] = []
  for (const [entry, { types: declared }] of Object.entries<{ types?: string }>(exports)) {
    if (declared === undefined) continue
    const source = declared.replace('./dist/types/', 'src/').replace('.d.ts', '.ts')
    const module: Record<string, unknown> = await import(new URL(source, root).href)
    for (const [name, value] of Object.entries(module))
      if (typeof value === 'function') found.push({ name: `${entry} ${name}`, call: calling(value) })
  }
  return found
}

/** Classes are made, functions are called. */
function calling(value: object): Callable {
  const isClass = String(value).startsWith('class')
  return (...args) =>
    isClass ? Reflect.construct(value as never, args) : Reflect.apply(value as Callable, undefined, args)
}

/** The value itself where it is a function, and all its methods, its own and inherited; those of its parts, too. */
function methodsOf(name: string, value: unknown, depth = 0): Named[] {
  if (!isLookedInto(value)) return []
  const found: Named[] = typeof value === 'function' ? [{ name: `${name}()`, call: calling(value) }] : []
  for (const key of keysOf(value)) {
    const member = peek(value, key)
    const label = `${name}.${String(key)}`
    if (typeof member === 'function') found.push({ name: label, call: (...args) => Reflect.apply(member, value, args) })
    else if (depth < 1) found.push(...methodsOf(label, member, depth + 1))
  }
  return found
}

/** What belongs to the language or to Node has no methods of ours. */
const FOREIGN = [Promise, Array, Date, Map, Set, Error, Request, Response, Uint8Array, AbortSignal]

function isLookedInto(value: unknown): value is object {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  return !types.isProxy(value) && !FOREIGN.some((made) => value instanceof made)
}

function keysOf(value: object): Set<string | symbol> {
  const keys = new Set<string | symbol>()
  const ends: unknown[] = [Object.prototype, Function.prototype, null]
  for (let at = value; !ends.includes(at); at = Object.getPrototypeOf(at))
    for (const key of Reflect.ownKeys(at)) if (key !== 'constructor' && !isPrivate(key)) keys.add(key)
  return keys
}

/** Doors between parts of the package: users do not see them. */
const isPrivate = (key: string | symbol): boolean =>
  typeof key === 'symbol' && key !== Symbol.asyncDispose && key !== Symbol.dispose

function peek(value: object, key: string | symbol): Callable | undefined {
  try {
    return Reflect.get(value, key) as Callable
  } catch {
    return undefined
  }
}

const called = new Set<string>()
/** What the case at hand has called, in order. */
let trail: string[] = []

/** Resolves with what came of it; what a call throws is told to its caller, and that is all that is asked for. */
async function carryOut({ name, call }: Named, args: unknown[]): Promise<unknown> {
  called.add(name)
  trail.push(name)
  try {
    const result = call(...args)
    const value = await inTime(name, result)
    if (isAsyncIterable(value)) await inTime(name, firstOf(value))
    return value
  } catch (error) {
    if (!types.isProxy(error) && error instanceof Hang) throw error
    return undefined
  }
}

class Hang extends Error {}

async function inTime<T>(name: string, result: T): Promise<Awaited<T>> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Hang(`${name} does not end`)), HANGS_MS)
  try {
    return await Promise.race([result, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

async function firstOf(rows: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of rows) return
}

/** Lets what is under way come to its end, so that faults are those of this case. */
async function quiet(made: readonly unknown[]): Promise<void> {
  for (const one of made)
    for (const { name, call } of methodsOf('', one))
      if (name === '.close' || name.endsWith('Dispose)') || name.endsWith('dispose)'))
        await carryOut({ name: 'dispose', call }, [])
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
  const fault = faults.shift()
  if (fault !== undefined) throw fault
}

const functions = await exported()

/** One exported function, and then some of the methods of what has come of it and of those. */
async function run(first: Named, args: readonly Make[], steps: readonly Step[]): Promise<void> {
  trail = []
  const made: unknown[] = []
  const makeAll = (makes: readonly Make[]) => makes.map((make) => make(made))
  try {
    made.push(await carryOut(first, makeAll(args)))
    let within = methodsOf(`${first.name}()`, made[0])
    for (const { pick, args: more } of steps) {
      const next = within[pick % within.length]
      if (next === undefined) break
      const result = await carryOut(next, makeAll(more))
      made.push(result)
      within = [...within, ...methodsOf(`${next.name}()`, result)]
    }
  } finally {
    await quiet(made)
  }
}

/** Arbitrary arguments seldom make a receiver, which has most of the methods. */
const receiver: Named = { name: '. createReceiver', call: usedReceiver }

const property = fc.asyncProperty(
  fc.oneof(fc.constantFrom(...functions), fc.constant(receiver)),
  fc.array(argument, { maxLength: 3 }),
  fc.array(step, { maxLength: 10 }),
  run,
)

try {
  // Every one without arguments, so that none is left out.
  for (const one of functions) await run(one, [], [])
  await fc.assert(property, { seed: seed as number, numRuns: numRuns as number, endOnFailure: true })
  const names = functions.map(({ name }) => name)
  console.log(JSON.stringify({ functions: names, called: [...called].sort() }))
} catch (error) {
  console.error(`after ${trail.join(', ')}:`, error)
  process.exitCode = 1
}
