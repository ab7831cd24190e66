/**
 * What Mailjet gives as the cause of a `bounce` or a `blocked` event, and what it means for the address.
 * Source: Mailjet Event API guide, "Possible values for errors" (March 2023); the states are those of the message
 * resource in the official Node SDK (`lib/types/api/Message.ts`, August 2026).
 */
import { textOf } from '../../lib/guards.ts'
import type { Bounce } from '../../types.ts'

export interface Cause {
  readonly kind: Bounce['kind']
  /**
   * What to do about the address. `suppress`: it is gone. `refused`: it stands on a block list of Mailjet's.
   * `follow`: gone if `hard_bounce` says so. `none`: says nothing about the recipient.
   */
  readonly advice: 'suppress' | 'refused' | 'follow' | 'none'
}

/** By the text of the error, in lower case. */
export const CAUSES: ReadonlyMap<string, Cause> = new Map([
  // recipient
  ['user unknown', { kind: 'hard', advice: 'suppress' }], // state 1
  ['mailbox inactive', { kind: 'soft', advice: 'suppress' }], // state 2
  ['quota exceeded', { kind: 'soft', advice: 'follow' }], // state 3
  ['blacklisted', { kind: 'block', advice: 'refused' }], // state 20: the account's list; perhaps an old unsubscribe
  ['spam reporter', { kind: 'block', advice: 'refused' }], // state 21: complained before
  // domain
  ['invalid domain', { kind: 'hard', advice: 'suppress' }], // state 4
  ['no mail host', { kind: 'hard', advice: 'follow' }], // state 5
  ['relay/access denied', { kind: 'block', advice: 'follow' }], // state 6
  ['greylisted', { kind: 'soft', advice: 'follow' }], // state 13
  ['typofix', { kind: 'hard', advice: 'suppress' }], // state 19: the domain part is not valid
  // content
  ['bad or empty template', { kind: 'admin', advice: 'none' }], // state 17
  ['error in template language', { kind: 'admin', advice: 'none' }], // state 18
  // spam
  ['sender blocked', { kind: 'block', advice: 'none' }], // state 7
  ['content blocked', { kind: 'block', advice: 'none' }], // state 8
  ['policy issue', { kind: 'block', advice: 'follow' }], // state 9: throttling or refusal
  // system
  ['system issue', { kind: 'soft', advice: 'none' }], // state 10
  ['protocol issue', { kind: 'soft', advice: 'none' }], // state 11
  ['connection issue', { kind: 'soft', advice: 'none' }], // state 12
  // mailjet
  ['preblocked', { kind: 'block', advice: 'refused' }], // state 14: bounced recently or often, for all messages
  ['spam preblocked', { kind: 'block', advice: 'refused' }], // state 16: in the SDK only, wire text presumed
  ['duplicate in campaign', { kind: 'admin', advice: 'none' }], // state 15: concerns this campaign only
])

/** For a text we do not know: its category decides whether it can be about the recipient at all. */
const CATEGORIES: ReadonlyMap<string, Cause> = new Map([
  ['content', { kind: 'admin', advice: 'none' }],
  ['spam', { kind: 'block', advice: 'none' }],
  ['system', { kind: 'soft', advice: 'none' }],
  ['mailjet', { kind: 'admin', advice: 'none' }],
])

const UNKNOWN: Cause = { kind: 'undetermined', advice: 'follow' }

/** Mailjet's own words for the cause, as sent; null when it gives none. */
export function causeText(wire: Readonly<Record<string, unknown>>): string | null {
  return textOf(wire.error) ?? textOf(wire.error_related_to)
}

/** The text may stand in either field: a bounce of 2023 has it in `error_related_to` (Symfony bridge fixture). */
export function causeOf(wire: Readonly<Record<string, unknown>>): Cause {
  const [error, relatedTo] = [wordOf(wire.error), wordOf(wire.error_related_to)]
  return CAUSES.get(error) ?? CAUSES.get(relatedTo) ?? CATEGORIES.get(relatedTo) ?? UNKNOWN
}

/** Whether Mailjet goes on trying, so that a later `sent` or `bounce` tells the end. */
export function isGreylisted(wire: Readonly<Record<string, unknown>>): boolean {
  return wordOf(wire.error) === 'greylisted' || wordOf(wire.error_related_to) === 'greylisted'
}

function wordOf(value: unknown): string {
  return typeof value === 'string' ? value.trim().toLowerCase() : ''
}
