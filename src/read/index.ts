/**
 * The senders without a receiver: bodies read into typed events, and headers verified. No inbox, no server. Exported as
 * `posthorn/read`.
 */
export type { HeadersLike } from './headers.ts'
export { type ReadOptions, type ReadResult, read, type UnreadableElement } from './read.ts'
export { type Verified, type VerifyOptions, verify } from './verify.ts'
