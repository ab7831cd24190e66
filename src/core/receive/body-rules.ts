/** What the headers must say about a body before a byte of it is read, and the headers that are kept. */
import type { AnswerCode } from '../../errors.ts'
import { type Headers, pickHeaders } from '../../http/headers.ts'

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
  const first = placeOf(headers, 'content-encoding')
  if (first < 0) return 'identity'
  if (placeOf(headers, 'content-encoding', first + 1) >= 0) return null
  const value = headers[first]![1].trim().toLowerCase()
  if (value === '' || value === 'identity') return 'identity'
  // RFC 9110 section 8.4.1.3: x-gzip is gzip.
  return value === 'gzip' || value === 'x-gzip' ? 'gzip' : value === 'deflate' ? 'deflate' : null
}

/** Node undoes `chunked` alone; `gzip, chunked` would arrive still coded. */
function plainTransfer(headers: Headers): boolean {
  for (const [name, value] of headers)
    if (name === 'transfer-encoding' && !['chunked', 'identity'].includes(value.trim().toLowerCase())) return false
  return true
}

function utf8Charset(headers: Headers): boolean {
  for (const [name, value] of headers)
    if (name === 'content-type' && value.includes(';') && !namesUtf8(value)) return false
  return true
}

/** Empty: it says nothing, so JSON is what it always is (RFC 8259 section 8.1). */
const UTF8 = ['', 'utf-8', 'utf8', 'us-ascii', 'ascii']
/** Single ones are no quotes in HTTP (RFC 9110 section 5.6.4); clients write them all the same. */
const QUOTES = /["']/g

function namesUtf8(contentType: string): boolean {
  for (const part of contentType.toLowerCase().split(';').slice(1)) {
    const [name, charset] = part.split('=', 2)
    if (name?.trim() !== 'charset') continue
    if (!UTF8.includes((charset ?? '').trim().replaceAll(QUOTES, ''))) return false
  }
  return true
}

function contentLength(headers: Headers): number | null {
  const length = headers[placeOf(headers, 'content-length')]?.[1]
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : null
}

export function headersOfRecord(headers: Headers, batchIdHeader: string | null): Headers {
  const kept: Headers[number][] = []
  for (const name of OF_RECORD) keep(headers, name, kept)
  if (batchIdHeader !== null) keep(headers, batchIdHeader, kept)
  return kept
}

function keep(headers: Headers, name: string, kept: Headers[number][]): void {
  for (const header of headers) {
    const [found, value] = header
    if (found === name) kept.push(value.length <= LONGEST ? header : [name, value.slice(0, LONGEST)])
  }
}

/** A batch id of printable ASCII, once, at most 128 characters; anything else is as none: the body's hash decides. */
export function batchIdOf(headers: Headers, batchIdHeader: string | null): string | null {
  if (batchIdHeader === null) return null
  const first = placeOf(headers, batchIdHeader)
  if (first < 0 || placeOf(headers, batchIdHeader, first + 1) >= 0) return null
  const value = headers[first]![1].trim()
  return /^[\x21-\x7e]{1,128}$/.test(value) ? value : null
}

/** Where the next header of this name stands, from a place on; -1 where there is none. */
function placeOf(headers: Headers, lowerName: string, from = 0): number {
  for (let at = from; at < headers.length; at++) if (headers[at]![0] === lowerName) return at
  return -1
}
