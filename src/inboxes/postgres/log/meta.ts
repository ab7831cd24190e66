/** The parts of a delivery that may hold any text, as JSON: PostgreSQL stores no NUL and no half of a character. */
import type { NewDelivery } from '../../../ports/inbox/intake.ts'

type Meta = Pick<NewDelivery, 'headers' | 'credential' | 'origin' | 'undecoded' | 'traceparent'>

export function packMeta({ headers, credential, origin, undecoded, traceparent }: Meta): string {
  return JSON.stringify([headers, credential, origin, undecoded, traceparent])
}

/** What was taken with the bytes: the headers, and how the body was coded. */
export function withoutHeaders(meta: string): string {
  return packMeta({ ...unpackMeta(meta), headers: [], undecoded: null })
}

export function unpackMeta(meta: string): Meta {
  const [headers, credential, origin, undecoded, traceparent] = JSON.parse(meta)
  return { headers, credential, origin, undecoded, traceparent }
}

export const packText = (text: string | null): string | null => (text === null ? null : JSON.stringify(text))

export const unpackText = (text: string | null): string | null => (text === null ? null : JSON.parse(text))
