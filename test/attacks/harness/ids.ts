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

/** Ids without a test, each with its reason. */
export const NOT_TRIED: Readonly<Record<string, string>> = {
  A12: 'No setting trusts forwarded addresses: `X-Forwarded-For` is never read, so no list of proxies can be wrong.',
  A26: 'The host or its proxy decides whether plain HTTP is accepted: see the threat model.',
  C3: 'The one URL that a receiver fetches, `jwksUrl`, is tried as T21. Names that resolve to an internal address are not checked: the URL comes from your configuration.',
  C6: 'One option is a name in SQL: `schema` of the PostgreSQL inbox. It takes only a to z, 0 to 9 and `_`; `test/inboxes/postgres/open.test.ts` tries others.',
  C9: 'Secrets are read at the start and kept in closures; L6 tries that no inspection shows them.',
  L4: 'Errors of PostgreSQL are not tried on every host; `test/inboxes/postgres/open.test.ts` checks that they show no password.',
  L11: 'Only the dashboard exports CSV: it is tried in `test/dashboard/data.test.ts`.',
}

/** By section, then by number. */
export const inOrder = (a: string, b: string): number =>
  Object.keys(SECTIONS).indexOf(a[0]!) - Object.keys(SECTIONS).indexOf(b[0]!) || Number(a.slice(1)) - Number(b.slice(1))

export const everyId: readonly string[] = Object.entries(SECTIONS).flatMap(([letter, { ids }]) =>
  Array.from({ length: ids }, (_, n) => `${letter}${n + 1}`),
)
