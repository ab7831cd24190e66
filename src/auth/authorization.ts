import { singleHeader } from '../http/headers.ts'

/**
 * What follows the scheme in the one `Authorization` header; null when there is none, or two, or another scheme.
 * The scheme is compared without case; exactly one space follows it (RFC 9110 section 11.4 allows several; a second
 * one, or a tab, is then part of the credentials and matches nothing).
 */
export function authorizationOf(rawHeaders: readonly string[], lowerScheme: string): string | null {
  const value = singleHeader(rawHeaders, 'authorization')
  const end = lowerScheme.length
  if (value === null || value[end] !== ' ' || value.slice(0, end).toLowerCase() !== lowerScheme) return null
  return value.slice(end + 1)
}

/** The bytes of `username:password` of HTTP Basic; null when the one `Authorization` header is none, or no base64. */
export function basicCredentials(rawHeaders: readonly string[]): Uint8Array | null {
  const sent = authorizationOf(rawHeaders, 'basic')
  return sent === null ? null : strictBase64(sent)
}

/** null for what RFC 4648 section 4 would not write: other alphabets, white space, missing padding, spare bits. */
export function strictBase64(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : null
}
