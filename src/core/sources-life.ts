/**
 * The sources of a receiver through its life: when their secrets are read, which of them a request finds, how they come and
 * go, and what is told of that. Which there are `live-sources.ts` knows.
 */
import { OptionError } from '../errors.ts'
import { port } from '../lib/symbols.ts'
import type { Clock } from '../ports/clock.ts'
import type { SourcePort } from '../ports/provider.ts'
import type { Notices } from './base/notices.ts'
import type { Life } from './life.ts'
import { LiveSources } from './live-sources.ts'
import type { Door, Opened } from './receive/parts.ts'
import type { Settings } from './settings.ts'
import { warnOfSource } from './tell/start-line.ts'

export interface SourcesLifeParts {
  readonly settings: Settings
  readonly clock: Clock
  readonly notices: Notices
  readonly life: Pick<Life<unknown>, 'assertUsable' | 'hasBegun' | 'isOpen' | 'isOver' | 'start'>
  /** Credentials of a source that are known by these labels. */
  expect(source: string, labels: readonly string[]): void
  /** What is stored of the source can be claimed from now on. */
  added(): void
  /** A start that a request has asked for failed. */
  startFailed(error: unknown): void
}

export class SourcesLife {
  readonly #parts: SourcesLifeParts
  readonly #live: LiveSources

  constructor(parts: SourcesLifeParts) {
    const { settings } = parts
    this.#parts = parts
    this.#live = new LiveSources({
      known: settings.sources,
      keepsKeys: settings.inbox.eventKeys !== undefined,
      prepare: (name, source) => this.#prepare(name, source),
    })
  }

  /** Those that take requests. */
  get receiving(): ReadonlyMap<string, SourcePort> {
    return this.#live.receiving
  }

  /** Changed in place. */
  get names(): readonly string[] {
    return this.#live.names
  }

  get #receives(): boolean {
    const { role } = this.#parts.settings
    return role === 'both' || role === 'receive'
  }

  /** At the start. */
  async readSecrets(): Promise<void> {
    if (this.#receives) await this.#live.reload()
  }

  async add(name: string, source: unknown): Promise<void> {
    const { settings, life } = this.#parts
    life.assertUsable()
    const added = await this.#live.add(name, source, (admitted) => this.#doorOf(name, admitted))
    const { provider, auth } = added
    settings.logger.info(
      { event: 'source.added', source: name, provider: provider.name },
      `source "${name}" is added (${provider.name}, ${auth.scheme})`,
    )
    warnOfSource(settings.logger, name, added)
    this.#parts.added()
  }

  remove(name: string): void {
    const { settings, life } = this.#parts
    life.assertUsable()
    this.#live.remove(name)
    const message = `source "${name}" is removed: its address answers 404, what is stored of it is handled`
    settings.logger.info({ event: 'source.removed', source: name }, message)
  }

  /** @throws OptionError for any argument */
  async reloadSecrets(more: readonly unknown[]): Promise<void> {
    if (more.length > 0) throw new OptionError('reloadSecrets takes nothing: it reads the secrets of all sources')
    const { settings, life } = this.#parts
    life.assertUsable()
    if (!life.hasBegun || !this.#receives) return
    await life.start()
    await this.#live.reload()
    const sources = [...this.names]
    settings.logger.info({ event: 'secret.reloaded', sources }, `secrets are read anew: ${sources.join(', ')}`)
  }

  /** What a request finds; a start that takes its time, as one that waits for the owner of a file, is not waited for. */
  opened(inboxless = false): Opened | Promise<Opened> {
    const { life } = this.#parts
    if (!this.#receives) return 'not_open'
    if (life.isOpen) return this.#live.doors
    return life.isOver ? 'shutting_down' : this.#startForRequest(inboxless)
  }

  async #startForRequest(inboxless: boolean): Promise<Opened> {
    const { life, startFailed } = this.#parts
    const started = life.start().then(
      () => life.isOpen,
      (error: unknown) => {
        startFailed(error)
        return false
      },
    )
    const ready = inboxless ? this.#live.lastRead.then(() => this.#live.doors.size > 0 || started) : started
    return (await Promise.race([ready, this.#patience()])) ? this.#live.doors : 'not_open'
  }

  #patience(): Promise<false> {
    const { clock, settings } = this.#parts
    return new Promise((resolve) => {
      clock.after(settings.limits.acceptMs, () => resolve(false))
    })
  }

  /** Null before the start, which will read all secrets. */
  async #doorOf(name: string, source: SourcePort): Promise<Door | null> {
    const { life } = this.#parts
    if (life.hasBegun) await life.start()
    const door = life.isOpen && this.#receives ? await this.#prepare(name, source) : null
    life.assertUsable()
    return door
  }

  async #prepare(name: string, { auth }: SourcePort): Promise<Door> {
    const { settings, notices, clock, expect } = this.#parts
    const at = { env: process.env, logger: settings.logger, notice: notices, clock, source: name }
    const { issuer, labels = [] } = auth[port]
    const verify = await auth[port].prepare(at)
    const issue = issuer === undefined ? null : await issuer.prepare(at)
    expect(name, labels)
    return { verify, issue }
  }
}
