/** Promises that keep the process running while they are pending: the timers and threads of a receiver do not. */

/** The same promise, or the same iterable; the process does not end while somebody may wait for it. */
export function held<T>(given: T): T {
  // What comes out has the type of what went in, which no compiler sees here.
  if (given instanceof Promise) return whilePending(given) as T
  return isGenerator(given) ? (eachHeld(given) as T) : given
}

/** The same functions; what they return is held. */
export function allHeld<F extends { readonly [K in keyof F]: (...args: never[]) => unknown }>(functions: F): F {
  const entries = Object.entries<(...args: never[]) => unknown>(functions)
  return Object.fromEntries(entries.map(([name, call]) => [name, (...args: never[]) => held(call(...args))])) as F
}

async function whilePending<T>(promise: Promise<T>): Promise<T> {
  begin()
  try {
    return await promise
  } finally {
    end()
  }
}

function eachHeld<T>(generator: AsyncGenerator<T>): AsyncGenerator<T> {
  const each: AsyncGenerator<T> = {
    next: () => whilePending(generator.next()),
    return: (value) => whilePending(generator.return(value)),
    throw: (error) => whilePending(generator.throw(error)),
    [Symbol.asyncIterator]: () => each,
    [Symbol.asyncDispose]: async () => void (await each.return(undefined)),
  }
  return each
}

function isGenerator(value: unknown): value is AsyncGenerator {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

/** The longest that a timer can wait; nothing happens when it is over. */
const LONGEST_MS = 2 ** 31 - 1

let pending = 0
/** One for the whole process, and never cleared: a request that is waited for costs no timer of its own. */
let handle: NodeJS.Timeout | null = null

function begin(): void {
  pending++
  handle ??= setInterval(() => {}, LONGEST_MS)
  if (pending === 1) handle.ref()
}

function end(): void {
  pending--
  if (pending === 0) handle?.unref()
}
