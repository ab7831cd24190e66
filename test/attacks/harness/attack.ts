/** An attack as a row of a table: what comes in, and what is safe. */
import type { Site } from './site.ts'

export interface Attack {
  /** Letter and number: A for HTTP and authentication, J for bytes and JSON, Z for compression, and so on. */
  readonly id: string
  /** What is sent, in one phrase. */
  readonly input: string
  /** What must come of it. */
  readonly expected: string
  /** `hosts`: on each host, because it can differ there. `once`: where no host has a part in it. */
  readonly where: 'hosts' | 'once'
  /** Sends it, and looks. What holds after every attack is looked at afterwards. */
  run(site: Site): unknown
  /** What it needs is not here. */
  readonly skip: boolean
}

export type Row = readonly [id: string, input: string, expected: string, run: (site: Site) => unknown, skip?: boolean]

export const onHosts = (rows: readonly Row[]): Attack[] => rows.map((row) => toAttack('hosts', row))

export const once = (rows: readonly Row[]): Attack[] => rows.map((row) => toAttack('once', row))

const toAttack = (where: Attack['where'], [id, input, expected, run, skip = false]: Row): Attack => ({
  id,
  input,
  expected,
  where,
  run,
  skip,
})

/** What a test leaves for the table of results. */
export interface AttackResult {
  readonly id: string
  readonly input: string
  readonly expected: string
  /** The host, or `core`. */
  readonly on: string
}

declare module 'vitest' {
  interface TaskMeta {
    attack?: AttackResult
  }
}
