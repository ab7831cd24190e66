/**
 * Who may post to a source. Exported as `posthorn/auth`.
 *
 * Every kind takes its secrets as text, as `{ env: 'NAME' }` or as a function; the last two are read when the receiver
 * starts. A list holds several during a rotation. The senders sign nothing, so a secret authenticates the connection,
 * not the bytes: serve over TLS.
 */

export type { Auth } from '../ports/auth.ts'
export { anyOf } from './any-of.ts'
export { type BasicOptions, basic, type EmptyPassword } from './basic.ts'
export { bearer } from './bearer.ts'
export { type CustomAnswer, type CustomOptions, custom, type HeadOfRequest } from './custom.ts'
export { header } from './header.ts'
export { jwt } from './jwt/index.ts'
export type { JwtAlgorithm, JwtOptions, PublicKeys } from './jwt/options.ts'
export { type OAuth2IssuerOptions, oauth2Issuer } from './oauth2/index.ts'
export { path } from './path.ts'
export { query } from './query.ts'
export { token } from './token.ts'
export { unauthenticated } from './unauthenticated.ts'
