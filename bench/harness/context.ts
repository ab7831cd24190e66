/** What every scenario of a run shares: how thorough it is, a folder, bodies on disk, numbers for stamps. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bodyOf, type ProviderName } from '../bodies/bodies.ts'

export interface Options {
  /** Fewer rounds and subjects, shorter loads. */
  readonly quick: boolean
  /** Also what takes many minutes. */
  readonly long: boolean
}

export interface Body {
  readonly file: string
  readonly text: string
  readonly events: number
  readonly provider: ProviderName
}

/** Open to other accounts that know a name in it: PostgreSQL does not run as root. */
function newRoot(): string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'))
  chmodSync(folder, 0o711)
  return folder
}

/** One load never makes more posts than this. */
const STAMPS_OF_A_LOAD = 10_000_000

export class Context {
  readonly options: Options
  readonly #folder = newRoot()
  readonly #bodies = new Map<string, Body>()
  #folders = 0
  #loads = 0

  constructor(options: Options) {
    this.options = options
  }

  /** The first value in a quick run, the second in a whole one. */
  either<T>(quick: T, whole: T): T {
    return this.options.quick ? quick : whole
  }

  log(text: string): void {
    process.stderr.write(`${text}\n`)
  }

  body(provider: ProviderName, events: number): Body {
    const name = `${provider}-${events}`
    const found = this.#bodies.get(name) ?? this.written(name, provider, events, bodyOf(provider, events))
    this.#bodies.set(name, found)
    return found
  }

  /** A body of the caller's own, on disk for the load process. */
  written(name: string, provider: ProviderName, events: number, text: string): Body {
    const file = join(this.#folder, `${name}.json`)
    writeFileSync(file, text)
    return { file, text, events, provider }
  }

  newFolder(): string {
    const folder = join(this.#folder, String(++this.#folders))
    mkdirSync(folder)
    return folder
  }

  firstStamp(): number {
    return ++this.#loads * STAMPS_OF_A_LOAD
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
