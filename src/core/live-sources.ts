/** The sources of a receiver: those it was made with, and those that came and went since. */
import { OptionError } from '../errors.ts'
import { shown } from '../lib/options.ts'
import type { SourcePort } from '../ports/provider.ts'
import { assertTokenFree } from './receive/authenticate.ts'
import type { Door } from './receive/parts.ts'
import { checkName, sourcePort } from './settings.ts'

export interface LiveParts {
  /** Of the receiver as it was made; added ones are put into it, so that what is stored of them can be read. */
  readonly known: Map<string, SourcePort>
  /** Whether the inbox keeps keys of events. */
  readonly keepsKeys: boolean
  prepare(name: string, source: SourcePort): Promise<Door>
}

export class LiveSources {
  /** Those that take requests. */
  readonly receiving: ReadonlyMap<string, SourcePort>
  /** Their names. Hosts and the inbox hold on to this list, so it is changed in place. */
  readonly names: readonly string[]
  readonly #parts: LiveParts
  readonly #receiving: Map<string, SourcePort>
  readonly #names: string[]
  /** Handlers were registered for the events of these. */
  readonly #providers: ReadonlySet<string>
  readonly #coming = new Map<string, SourcePort>()
  #doors: ReadonlyMap<string, Door> = new Map()
  #reloading: Promise<unknown> = Promise.resolve()

  constructor(parts: LiveParts) {
    this.#parts = parts
    this.receiving = this.#receiving = new Map(parts.known)
    this.names = this.#names = [...parts.known.keys()]
    this.#providers = new Set([...parts.known.values()].map(({ provider }) => provider.name))
  }

  /** How each source that receives checks credentials, and issues tokens; empty before secrets were read. */
  get doors(): ReadonlyMap<string, Door> {
    return this.#doors
  }

  /** Resolves when the reading of secrets that is under way has ended, in whatever way. */
  get lastRead(): Promise<unknown> {
    return this.#reloading
  }

  /**
   * What is stored of it is read from now on; it takes requests when `open` has resolved, with null where nobody has read
   * secrets yet.
   * @throws OptionError; what `open` throws
   */
  async add(name: string, given: unknown, open: (source: SourcePort) => Promise<Door | null>): Promise<SourcePort> {
    const source = this.#checked(name, given)
    this.#parts.known.set(name, source)
    this.#coming.set(name, source)
    try {
      const door = await open(source)
      if (door !== null) this.#doors = new Map(this.#doors).set(name, door)
      this.#receiving.set(name, source)
      this.#names.push(name)
      return source
    } finally {
      this.#coming.delete(name)
    }
  }

  /** @throws OptionError when it takes no requests */
  remove(name: unknown): void {
    if (typeof name !== 'string' || !this.#receiving.delete(name))
      throw new OptionError(`removeSource: there is no source ${shown(name)}; there are ${this.names.join(', ')}`)
    this.#names.splice(this.#names.indexOf(name), 1)
    this.#doors = new Map([...this.#doors].filter(([other]) => other !== name))
  }

  /** Reads the secrets of all sources, and then, when every one could be read, goes by them. One reading after the other. */
  reload(): Promise<void> {
    const reloaded = this.#reloading.then(() => this.#readAll())
    this.#reloading = reloaded.catch(() => {})
    return reloaded
  }

  async #readAll(): Promise<void> {
    const read: [string, SourcePort, Door][] = []
    for (const [name, source] of this.#receiving) read.push([name, source, await this.#parts.prepare(name, source)])
    // Those that came or went in the meantime stay as they are.
    const current = read.filter(([name, source]) => this.#receiving.get(name) === source)
    this.#doors = new Map([...this.#doors, ...current.map(([name, , door]) => [name, door] as const)])
  }

  #checked(given: unknown, source: unknown): SourcePort {
    if (typeof given !== 'string') throw new OptionError(`addSource: the name must be a text, got ${shown(given)}`)
    const name = checkName(given)
    const found = sourcePort(name, source)
    if (this.#receiving.has(name) || this.#coming.has(name))
      throw new OptionError(`addSource: there is a source "${name}"; remove it first`)
    assertTokenFree(new Map([...this.#receiving, ...this.#coming, [name, found]]))
    const before = this.#parts.known.get(name)?.provider.name
    if (before !== undefined && before !== found.provider.name)
      throw new OptionError(`addSource: deliveries of "${name}" are of ${before}, so it cannot be of another sender`)
    if (!this.#providers.has(found.provider.name))
      throw new OptionError(
        `addSource: handlers know the events of ${[...this.#providers].join(', ')}; give createReceiver a source of ${found.provider.name}`,
      )
    if (found.dedupeWindowMs && !this.#parts.keepsKeys)
      throw new OptionError('addSource: this inbox keeps no keys of events: dedupeEvents needs another inbox')
    return found
  }
}
