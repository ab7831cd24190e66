/** What `posthorn doctor` has looked at. */
export interface Finding {
  /** Stable; what was looked at. */
  readonly id: string
  readonly ok: boolean
  /** As it is. */
  readonly what: string
  /** Why it matters; null where it is well. */
  readonly why: string | null
  /** The line that mends it: a command, or a setting; null where it is well. */
  readonly mend: string | null
}

export const well = (id: string, what: string): Finding => ({ id, ok: true, what, why: null, mend: null })

export const ill = (id: string, what: string, why: string, mend: string): Finding => ({
  id,
  ok: false,
  what,
  why,
  mend,
})
