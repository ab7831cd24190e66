import { hash } from 'node:crypto'

/** The first 16 bytes of a SHA-256, as PostgreSQL writes them. */
const uuidOf = (text: string): string => hash('sha256', text).slice(0, 32)

export const hashOfId = (id: string): string => uuidOf(id)

/** Deliveries of one source with one batch id. */
export const hashOfBatch = (source: string, batchId: string): string => uuidOf(JSON.stringify([source, batchId]))
