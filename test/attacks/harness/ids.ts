/** The ids of all attacks we know of, and those that have nothing here to be tried on. */

/** How many ids each section has. */
export const SECTIONS = {
  A: { title: 'HTTP, authentication, transport', ids: 26 },
  T: { title: 'Tokens of an issuer', ids: 24 },
  J: { title: 'Bytes, JSON, Unicode, numbers', ids: 21 },
  Z: { title: 'Compression', ids: 7 },
  M: { title: 'Callers that wait, and mails', ids: 9 },
  L: { title: 'Logs, metrics, errors, personal data', ids: 11 },
  C: { title: 'Configuration and surroundings', ids: 10 },
} as const

const NO_POSTGRES = 'there is no PostgreSQL inbox'

/** Ids without a test, each with its reason. */
export const NOT_TRIED: Readonly<Record<string, string>> = {
  A12: 'No setting trusts forwarded addresses: `X-Forwarded-For` is never read, so there is no list of proxies to get wrong.',
  A26: 'Whether plain HTTP is let through is the decision of the host or its proxy: see the threat model.',
  C3: 'The one address that is called, `jwksUrl`, is tried as T21; nothing else here calls out. A name that resolves to an inner address is not looked for: the address comes from your configuration.',
  C6: `No option names a table or a stream; ${NO_POSTGRES}.`,
  C9: 'Secrets are read at the start and kept in closures: that no inspection shows them is tried as L6.',
  L4: `Errors of PostgreSQL: ${NO_POSTGRES}.`,
  L11: 'Nothing exports CSV.',
}

/** By section, then by number. */
export const inOrder = (a: string, b: string): number =>
  Object.keys(SECTIONS).indexOf(a[0]!) - Object.keys(SECTIONS).indexOf(b[0]!) || Number(a.slice(1)) - Number(b.slice(1))

export const everyId: readonly string[] = Object.entries(SECTIONS).flatMap(([letter, { ids }]) =>
  Array.from({ length: ids }, (_, n) => `${letter}${n + 1}`),
)
