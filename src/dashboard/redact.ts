/** Stored bytes without the addresses in them, for those who may not have them as they are. */
import { type Replace, replaceEverywhere } from './addresses.ts'

/**
 * The body with each address replaced by what stands for it: numbers, layout and unknown fields stay as they came, to the
 * byte. Looks into strings of JSON as they read, and into what is in base64 there. What is no JSON after all, as what is in
 * quarantine may be, is text.
 */
export function redactedBody(body: Uint8Array, replace: Replace): Uint8Array {
  const text = new TextDecoder().decode(body)
  const isJson = /^\s*[[{]/.test(text)
  return new TextEncoder().encode(isJson ? redactedJson(text, replace) : replaceEverywhere(text, replace))
}

/** In one pass: bytes of strangers may have a million quotes, and none that ends a string. */
function redactedJson(text: string, replace: Replace): string {
  const parts: string[] = []
  let from = 0
  for (let open = text.indexOf('"'); open >= 0; open = text.indexOf('"', from)) {
    const end = endOfString(text, open)
    if (end < 0) break
    parts.push(replaceEverywhere(text.slice(from, open), replace), redactedLiteral(text.slice(open, end), replace))
    from = end
  }
  return parts.join('') + replaceEverywhere(text.slice(from), replace)
}

/** Behind its last quote; -1: it has none. */
function endOfString(text: string, open: number): number {
  for (let quote = text.indexOf('"', open + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let before = quote - 1
    while (text[before] === '\\') before--
    if ((quote - before) % 2 === 1) return quote + 1
  }
  return -1
}

function redactedLiteral(literal: string, replace: Replace): string {
  const value = parsed(literal)
  if (value === null) return replaceEverywhere(literal, replace)
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
