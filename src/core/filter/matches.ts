/** Whether something that was read is what clauses ask for. */
import { canonicalEmail } from '../../lib/email.ts'
import type { AnyEvent } from '../../types.ts'
import type { Bound, Clause, NumberClause, WordClause } from './clause.ts'
import type { NumberKey, WordKey } from './keys.ts'

/** What keys are about: each has a value, several, or none (then the key, with or without `-`, is not met or met). */
export type FilterFacts = { readonly [K in WordKey]?: string | readonly string[] | null } & {
  readonly [K in NumberKey]?: number
}

/** Ids and times are not looked at: inboxes do that. */
export function matches(clauses: readonly Clause[], facts: FilterFacts): boolean {
  return clauses.every((clause) => {
    if (clause.kind === 'words') return hasWord(clause, facts[clause.key]) !== clause.not
    return clause.kind !== 'numbers' || isWithin(clause, facts[clause.key]) !== clause.not
  })
}

function hasWord({ key, values }: WordClause, fact: string | readonly string[] | null | undefined): boolean {
  if (fact === null || fact === undefined) return false
  const facts = typeof fact === 'string' ? [fact] : fact
  const asked = key === 'to' ? values.flatMap((value) => [value, canonicalEmail(value)]) : values
  return asked.some((value) => facts.includes(value))
}

function isWithin({ values }: NumberClause, fact: number | undefined): boolean {
  return fact !== undefined && values.some((bound) => holds(bound, fact))
}

function holds({ is, value }: Bound, fact: number): boolean {
  switch (is) {
    case '=':
      return fact === value
    case '>':
      return fact > value
    case '>=':
      return fact >= value
    case '<':
      return fact < value
    case '<=':
      return fact <= value
  }
}

export const yesOrNo = (fact: boolean) => (fact ? 'yes' : 'no')

/** Keys that an event answers by itself. */
export const EVENT_KEYS = [
  ...['source', 'provider', 'name', 'type', 'category', 'effect', 'bounce', 'class', 'message', 'to', 'credential'],
  ...['test', 'left', 'late'],
] as const satisfies readonly string[]

export function eventFacts(event: AnyEvent): FilterFacts {
  const bounce = 'bounce' in event ? (event.bounce as { kind: string; class: string | null }) : null
  return {
    source: event.source,
    provider: event.provider,
    name: event.name,
    type: event.type,
    category: event.category,
    effect: event.effect,
    bounce: bounce?.kind ?? null,
    class: bounce?.class ?? null,
    message: event.messageId,
    // As sent too: phone numbers and push tokens are no addresses.
    to: [event.email, event.recipient].filter((one) => one !== null),
    credential: event.delivery.credential,
    test: yesOrNo(event.isTest),
    left: yesOrNo(event.delivery.senderLeft),
    late: event.lateMs,
  }
}
