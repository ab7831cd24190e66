/** Writes a filter that was read: what `parseFilter` makes of the text has the same clauses. Times have their offset. */
import type { Bound, Clause } from './clause.ts'
import { NUMBER_KEYS, type NumberKey } from './keys.ts'
import { timeText } from './times.ts'

/** Values that need no quotes. */
const PLAIN = /^[\w.@+/~:*=<>#!$%&'()?;-]+$/

export function printFilter(clauses: readonly Clause[], options: { readonly utc?: boolean } = {}): string {
  return clauses.map((clause) => printClause(clause, options.utc ?? false)).join(' ')
}

function printClause(clause: Clause, utc: boolean): string {
  switch (clause.kind) {
    case 'ids':
      return clause.ids.join()
    case 'time':
      return `${clause.key}:${timeText(clause.at, utc)}`
    case 'numbers':
      return `${sign(clause)}${clause.key}:${clause.values.map((bound) => printBound(clause.key, bound)).join()}`
    case 'words':
      return `${sign(clause)}${clause.key}:${clause.values.map(printWord).join()}`
  }
}

const sign = ({ not }: { readonly not: boolean }) => (not ? '-' : '')

function printWord(value: string): string {
  return PLAIN.test(value) ? value : `"${value.replaceAll(/[\\"]/g, '\\$&')}"`
}

/** In the largest unit that leaves a whole number. */
function printBound(key: NumberKey, { is, value }: Bound): string {
  const units = Object.entries(NUMBER_KEYS[key]).sort(([, a], [, b]) => b - a)
  const [unit = '', size = 1] = units.find(([, one]) => value !== 0 && value % one === 0) ?? units.at(-1) ?? []
  return `${is === '=' ? '' : is}${value / size}${unit}`
}
