/** A token as it is written, before anything of it is believed. */

/** Longer ones are refused unread: decoding is work. */
export const LONGEST_TOKEN = 8_192

export interface ReadToken {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/**
 * The two parts of a signed token in its compact form (RFC 7515 section 7.1); null for anything else, encrypted tokens
 * among them: those are not decrypted. Only the canonical way of writing is taken, without padding, white space or
 * spare bits, so that one token is one text.
 */
export function readToken(text: string): ReadToken | null {
  if (text.length > LONGEST_TOKEN) return null
  const parts = text.split('.', 4)
  if (parts.length !== 3 || parts.some((part) => !isCanonical(part))) return null
  const [header, claims] = [toObject(parts[0] as string), toObject(parts[1] as string)]
  return header === null || claims === null ? null : { header, claims }
}

function isCanonical(part: string): boolean {
  return part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part
}

function toObject(part: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part, 'base64url')))
    // The prototype is of no use, and a claim could not stand on it.
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { __proto__: null, ...value } : null
  } catch {
    return null
  }
}
