/**
 * zod schemas of what the senders post, exported from `posthorn/zod`; zod 4 is yours to install. They take what the
 * receiver takes: any scalar where the sender documents one, fields that nobody has documented, and in a body events
 * that nobody knows. The strict ones are in `posthorn/zod/strict`, under the same names.
 *
 * Identifiers come out as strings. `JSON.parse` rounds integers beyond 2^53 before a schema sees them (Mailjet's
 * `MessageID`); docs/schemas.md shows how to keep their digits.
 */
export { type NormalisedEvent, normalisedEvent } from './normalised-event.ts'
export * from './tolerant/all.generated.ts'
export * from './tolerant/mailjet-parse.ts'
export type { OnWire, PayloadSchema } from './typed.ts'
