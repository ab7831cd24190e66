/** Finds SMTP codes in the texts that senders report. Private. */
import type { Smtp } from '../../types.ts'

// A reply code next to an enhanced one: `550 5.1.1 …`, `550-5.1.1 …`, `… said: 550 #5.1.1 …` (RFC 2034 section 4).
const PAIR = /(?<![\d.])([245]\d\d)[ -]#?([245]\.[0-7]\.\d{1,3})(?!\d|\.\d)/
// A reply code at the start, or after the `smtp;` of a diagnostic code (RFC 3464 section 2.3.6) or `said:` (Postfix).
const CODE = /(?:^\s*|^\s*smtp;\s*|\bsaid: )([245]\d\d)(?=[ -]|$)/i
// An enhanced code (RFC 3463 section 2) alone. Not after a space: `Postfix 2.5.1` is a version.
const ENHANCED = /(?:^|[([:;=#])\s*([245]\.[0-7]\.\d{1,3})(?!\d|\.\d)/

/** The codes in a reply, with the text as given; null when it holds none, so that it is no SMTP reply. */
export function smtpReply(text: string | null): Smtp | null {
  if (text === null) return null
  const pair = PAIR.exec(text)
  if (pair !== null) return { code: Number(pair[1]), enhanced: pair[2] ?? null, text }
  const code = CODE.exec(text)
  const enhanced = ENHANCED.exec(text)
  if (code === null && enhanced === null) return null
  return { code: code === null ? null : Number(code[1]), enhanced: enhanced?.[1] ?? null, text }
}
