/** Between those who tell and those who listen. */
import type { Facts, Listening, Telling } from '../../ports/telling.ts'

type Listener<N extends keyof Facts> = (fact: Facts[N]) => void

/** One for each fact that somebody has something to do with. */
export type Listeners = { readonly [N in keyof Facts]?: Listener<N> }

const NOBODY: readonly never[] = Object.freeze([])

/** Listeners are called in the order in which they came. Ours never throw; what belongs to a user they call safely. */
export class Teller implements Telling, Listening {
  #listeners: { [N in keyof Facts]?: readonly Listener<N>[] } = {}

  readonly tell = <N extends keyof Facts>(name: N, fact: Facts[N]): void => {
    for (const listener of this.#of(name)) listener(fact)
  }

  readonly hears = (name: keyof Facts): boolean => this.#of(name).length > 0

  on<N extends keyof Facts>(name: N, listener: Listener<N>): () => void {
    this.#set(name, [...this.#of(name), listener])
    return () =>
      this.#set(
        name,
        this.#of(name).filter((other) => other !== listener),
      )
  }

  /** All at once, in the order of the table. */
  listen(table: Listeners): void {
    for (const name of Object.keys(table) as (keyof Facts)[]) {
      const listener = table[name] as Listener<typeof name> | undefined
      if (listener !== undefined) this.on(name, listener)
    }
  }

  #of<N extends keyof Facts>(name: N): readonly Listener<N>[] {
    return (this.#listeners[name] as readonly Listener<N>[] | undefined) ?? NOBODY
  }

  #set<N extends keyof Facts>(name: N, listeners: readonly Listener<N>[]): void {
    this.#listeners = { ...this.#listeners, [name]: listeners }
  }
}
