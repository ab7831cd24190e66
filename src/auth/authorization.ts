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
