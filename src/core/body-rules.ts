/** What the headers must say about a body before a byte of it is read, and the headers that are kept. */
import type { AnswerCode } from '../errors.ts'
import { type Headers, pickHeaders } from '../lib/headers.ts'

export interface BodyPlan {
  readonly coding: 'identity' | 'gzip' | 'deflate'
  /** As announced; null when the length is not known beforehand. */
  readonly length: number | null
}

/** Never credentials: a list of what is kept, not of what is left out. */
const OF_RECORD = ['content-type', 'content-encoding', 'content-length', 'user-agent']
const WITHOUT_BATCH_ID = [...OF_RECORD, 'transfer-encoding']
const LONGEST = 500

/** The headers that the functions below look at. */
export function headersOf(rawHeaders: readonly string[], batchIdHeader: string | null): Headers {
  return pickHeaders(rawHeaders, WITHOUT_BATCH_ID, batchIdHeader)
}

/** Codings: identity, gzip, deflate, once. Charsets: UTF-8 and its subset; a wrong decoder would change the text. */
export function planBody(headers: Headers, maxBytes: number): BodyPlan | AnswerCode {
  const coding = contentCoding(headers)
  if (coding === null || !plainTransfer(headers)) return 'unsupported_coding'
  if (!utf8Charset(headers)) return 'unsupported_charset'
  const length = contentLength(headers)
  return length !== null && length > maxBytes ? 'body_too_large' : { coding, length }
}

function contentCoding(headers: Headers): BodyPlan['coding'] | null {
  const values = valuesOf(headers, 'content-encoding')
  if (values.length > 1) return null
  const value = (values[0] ?? 'identity').trim().toLowerCase()
  if (value === '' || value === 'identity') return 'identity'
  // RFC 9110 section 8.4.1.3: x-gzip is gzip.
  return value === 'gzip' || value === 'x-gzip' ? 'gzip' : value === 'deflate' ? 'deflate' : null
}

/** Node undoes `chunked` alone; `gzip, chunked` would arrive still coded. */
function plainTransfer(headers: Headers): boolean {
  const values = valuesOf(headers, 'transfer-encoding')
  return values.every((value) => ['chunked', 'identity'].includes(value.trim().toLowerCase()))
}

function utf8Charset(headers: Headers): boolean {
  for (const value of valuesOf(headers, 'content-type').filter((value) => value.includes(';')))
    for (const part of value.toLowerCase().split(';').slice(1)) {
      const [name, charset] = part.split('=', 2)
      if (name?.trim() !== 'charset') continue
      if (!['utf-8', 'utf8', 'us-ascii'].includes((charset ?? '').trim().replaceAll('"', ''))) return false
    }
  return true
}

function contentLength(headers: Headers): number | null {
  const [length] = valuesOf(headers, 'content-length')
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : null
}

export function headersOfRecord(headers: Headers, batchIdHeader: string | null): [string, string][] {
  const kept: [string, string][] = []
  for (const name of OF_RECORD) keep(headers, name, kept)
  if (batchIdHeader !== null) keep(headers, batchIdHeader, kept)
  return kept
}

function keep(headers: Headers, name: string, kept: [string, string][]): void {
  for (const [found, value] of headers) if (found === name) kept.push([name, value.slice(0, LONGEST)])
}

/** A batch id of printable ASCII, once, at most 128 characters; anything else is as none: the body's hash decides. */
export function batchIdOf(headers: Headers, batchIdHeader: string | null): string | null {
  if (batchIdHeader === null) return null
  const values = valuesOf(headers, batchIdHeader)
  const value = values.length === 1 ? (values[0] as string).trim() : ''
  return /^[\x21-\x7e]{1,128}$/.test(value) ? value : null
}

function valuesOf(headers: Headers, lowerName: string): readonly string[] {
  const values: string[] = []
  for (const [name, value] of headers) if (name === lowerName) values.push(value)
  return values
}
