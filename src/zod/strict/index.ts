/**
 * Strict zod schemas of what the senders post, exported from `posthorn/zod/strict`, for fixtures and tests: fields that
 * are documented or were seen, each in a type that its payload interface names, and nothing else. A server wants those of
 * `posthorn/zod`: senders add fields without notice.
 */
export type { OnWire, PayloadSchema } from '../typed.ts'
export * from './all.generated.ts'
export * from './mailjet-parse.ts'
