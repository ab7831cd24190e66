/**
 * References of Apache Velocity that the workflow could not resolve: it prints them as they stand in the template
 * (velocity.apache.org, "User Guide", section "References", read November 2026), so that `$email` comes in the place of
 * an address. Private.
 */

/** No reference of a template is longer. */
const LONGEST = 200

const QUOTED = /'[^']*'|"[^"]*"/g
/** A call whose arguments are names, numbers, texts, and references without calls of their own. */
const INNERMOST = /\.[A-Za-z_]\w*\((?:[\w\s,.$!{}[\]-]|'')*\)/g
/** A name; then properties, `.name`, and elements, `[0]`. */
const PATH = String.raw`[A-Za-z_][\w-]*(?:\.[A-Za-z_]\w*|\[[\w'-]*\])*`
const REFERENCE = new RegExp(String.raw`^\$!?(?:${PATH}|\{${PATH}\})$`)

/** Whether the whole of a value is one reference: `$email`, `${email}`, `$!data.get('x')`, `$esc.url($email)`. */
export function isUnresolved(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > LONGEST || !value.trimStart().startsWith('$')) return false
  let rest = value.trim().replaceAll(QUOTED, "''")
  // A call is read as an element, from the inside out.
  for (let before = ''; before !== rest; ) {
    before = rest
    rest = rest.replaceAll(INNERMOST, '[0]')
  }
  return REFERENCE.test(rest)
}
