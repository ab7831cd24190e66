/** What the headers must say about a body before a byte of it is read, and the headers that are kept. */
import type { AnswerCode } from '../errors.ts'
import { headerValues } from '../lib/headers.ts'

export interface BodyPlan {
  readonly coding: 'identity' | 'gzip' | 'deflate'
  /** As announced; null when the length is not known beforehand. */
  readonly length: number | null
}

/** Codings: identity, gzip, deflate, once. Charsets: UTF-8 and its subset; a wrong decoder would change the text. */
export function planBody(rawHeaders: readonly string[], maxBytes: number): BodyPlan | AnswerCode {
  const coding = contentCoding(rawHeaders)
  if (coding === null || !plainTransfer(rawHeaders)) return 'unsupported_coding'
  if (!utf8Charset(rawHeaders)) return 'unsupported_charset'
  const length = headerValues(rawHeaders, 'content-length')[0]
  if (length === undefined || !/^\d{1,15}$/.test(length)) return { coding, length: null }
  return Number(length) > maxBytes ? 'body_too_large' : { coding, length: Number(length) }
}

function contentCoding(rawHeaders: readonly string[]): BodyPlan['coding'] | null {
  const values = headerValues(rawHeaders, 'content-encoding')
  if (values.length > 1) return null
  const value = (values[0] ?? 'identity').trim().toLowerCase()
  if (value === '' || value === 'identity') return 'identity'
  // RFC 9110 section 8.4.1.3: x-gzip is gzip.
  return value === 'gzip' || value === 'x-gzip' ? 'gzip' : value === 'deflate' ? 'deflate' : null
}

/** Node undoes `chunked` alone; `gzip, chunked` would arrive still coded. */
function plainTransfer(rawHeaders: readonly string[]): boolean {
  const values = headerValues(rawHeaders, 'transfer-encoding')
  return values.every((value) => ['chunked', 'identity'].includes(value.trim().toLowerCase()))
}

function utf8Charset(rawHeaders: readonly string[]): boolean {
  for (const value of headerValues(rawHeaders, 'content-type').filter((value) => value.includes(';')))
    for (const part of value.toLowerCase().split(';').slice(1)) {
      const [name, charset] = part.split('=', 2)
      if (name?.trim() !== 'charset') continue
      if (!['utf-8', 'utf8', 'us-ascii'].includes((charset ?? '').trim().replaceAll('"', ''))) return false
    }
  return true
}

const OF_RECORD = ['content-type', 'content-encoding', 'content-length', 'user-agent']
const LONGEST = 500

/** Never credentials: a list of what is kept, not of what is left out. */
export function headersOfRecord(rawHeaders: readonly string[], batchIdHeader: string | null): [string, string][] {
  const kept: [string, string][] = []
  for (const name of batchIdHeader === null ? OF_RECORD : [...OF_RECORD, batchIdHeader])
    for (const value of headerValues(rawHeaders, name)) kept.push([name, value.slice(0, LONGEST)])
  return kept
}

/** A batch id of printable ASCII, once, at most 128 characters; anything else is as none: the body's hash decides. */
export function batchIdOf(rawHeaders: readonly string[], batchIdHeader: string | null): string | null {
  if (batchIdHeader === null) return null
  const values = headerValues(rawHeaders, batchIdHeader)
  const value = values.length === 1 ? (values[0] as string).trim() : ''
  return /^[\x21-\x7e]{1,128}$/.test(value) ? value : null
}
