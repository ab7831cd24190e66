/** What every drawing is given beside its data: who looks, when, and how times are to be written. */
import type { Action } from '../types.ts'
import type { Markup } from './html.ts'

/** Numbers beside the names of views. */
export interface Counts {
  readonly pending: number
  readonly dead: number
  readonly quarantine: number
  readonly replays: number
  readonly paused: number
}

/** What stands around every view. JSON. */
export interface Frame {
  /** `unknown`: this page has not looked. */
  readonly verdict: 'well' | 'look' | 'act' | 'closed' | 'unknown'
  readonly findings: number
  /** Why nothing can be told; null: the inbox answers. */
  readonly reason: string | null
  /** null: the inbox does not answer. */
  readonly counts: Counts | null
  readonly sources: readonly string[]
  readonly handlers: readonly string[]
  readonly who: string
  readonly people: 'masked' | 'clear'
  readonly bytes: boolean
  readonly act: readonly Action[]
}

export type TimeMode = 'utc' | 'local' | 'relative'

export interface See {
  readonly view: string
  /** Of the address, without `?`. */
  readonly query: string
  readonly frame: Frame
  /** Epoch ms, of the server. */
  readonly now: number
  readonly times: TimeMode
  readonly next: string | null
  readonly partial: string | null
  /** Ms since the data are of; null: they are new. Only in the browser. */
  readonly stale: number | null
  /** Controls that need a script. Only in the browser. */
  readonly tools?: Markup
}

export const mayAct = ({ frame }: See, verb: Action): boolean => frame.act.includes(verb)

/** The address of a view: `?view=…`, right under any mount. Empty fields are left out. */
export function to(view: string, fields: Readonly<Record<string, string | number | null | undefined>> = {}): string {
  const given = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined && value !== '')
  return `?${new URLSearchParams([['view', view], ...given.map(([name, value]) => [name, String(value)])])}`
}

/** The address of now, with other fields; null takes one away. */
export function here({ query }: See, fields: Readonly<Record<string, string | null>>): string {
  const params = new URLSearchParams(query)
  for (const [name, value] of Object.entries(fields))
    if (value === null) params.delete(name)
    else params.set(name, value)
  return `?${params}`
}
