/** Stored bytes without the addresses in them, for those who may not have them as they are. */
import { type Replace, replaceEverywhere } from './addresses.ts'

/** A string of JSON, with whatever is escaped in it. */
const STRING = /"(?:[^"\\]|\\.)*"/g

/**
 * The body with each address replaced by what stands for it: numbers, layout and unknown fields stay as they came, to the
 * byte. Looks into strings of JSON as they read, and into what is in base64 there.
 */
export function redactedBody(body: Uint8Array, replace: Replace): Uint8Array {
  const text = new TextDecoder().decode(body)
  const isJson = /^\s*[[{]/.test(text)
  return new TextEncoder().encode(
    isJson ? text.replaceAll(STRING, (literal) => redactedLiteral(literal, replace)) : replaceEverywhere(text, replace),
  )
}

function redactedLiteral(literal: string, replace: Replace): string {
  const value = parsed(literal)
  if (value === null) return literal
  const redacted = replaceEverywhere(value, replace)
  return redacted === value ? literal : JSON.stringify(redacted)
}

function parsed(literal: string): string | null {
  try {
    return JSON.parse(literal)
  } catch {
    return null
  }
}
