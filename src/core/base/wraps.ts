/** The wraps of an instrument, made safe: the work inside is done once, whatever a wrap does. */
import { callSafely } from '../../lib/call-safely.ts'
import type { Instrument } from '../../ports/instrument.ts'
import type { Telling } from '../../ports/telling.ts'

/** The names of the wraps. */
export type WrapName = Exclude<keyof Instrument, symbol>

type About<K extends WrapName> = Parameters<NonNullable<Instrument[K]>>[0]
type End<K extends WrapName> = Awaited<ReturnType<Parameters<NonNullable<Instrument[K]>>[1]>>

/** Does `run` inside the wrap, which is told how it ended by `endOf`; resolves as `run` does. `run` never rejects. */
export type Wrap<K extends WrapName> = <T>(
  about: About<K>,
  run: (traceparent?: string) => Promise<T>,
  endOf: (result: T) => End<K>,
) => Promise<T>

/** null: nobody wraps it, and nothing is to be put together for a wrap. */
export type Wraps = { readonly [K in WrapName]-?: Wrap<K> | null }

export const WRAPS: ReadonlyArray<WrapName> = ['store', 'pass', 'call', 'settle']

export const NO_WRAPS: Wraps = { store: null, pass: null, call: null, settle: null }

/** Called as methods of the object that is given. */
export function wrapsOf(instrument: Instrument | null, { tell }: Pick<Telling, 'tell'>): Wraps {
  if (instrument === null) return NO_WRAPS
  const wrap = (name: WrapName) => {
    const given = instrument[name]?.bind(instrument) as ((about: object, run: Run) => unknown) | undefined
    if (given === undefined) return null
    const failed = (error: unknown) => tell('hookThrew', { hook: `instrument.${name}`, error })
    return <T>(about: object, run: Begin<T>, endOf: (result: T) => unknown): Promise<T> => {
      const work = new Once(run)
      callSafely(() => given(about, (traceparent) => work.begin(traceparent).then(endOf)), failed)
      return work.begin()
    }
  }
  return Object.fromEntries(WRAPS.map((name) => [name, wrap(name)])) as unknown as Wraps
}

type Begin<T> = (traceparent?: string) => Promise<T>
type Run = Begin<unknown>

class Once<T> {
  readonly #run: Begin<T>
  #begun: Promise<T> | null = null

  constructor(run: Begin<T>) {
    this.#run = run
  }

  begin(traceparent?: string): Promise<T> {
    this.#begun ??= this.#run(traceparent)
    return this.#begun
  }
}
