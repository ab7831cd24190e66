/** Who is measured, and under what name. */
import { headersOf, type ProviderName } from '../bodies/bodies.ts'
import type { Host, PeerName, ServerPlan, Subject } from '../servers/plan.ts'
import { SIGNATURE, signatureOf } from '../servers/verify-and-run.ts'
import { findPostgres } from './postgres.ts'

export interface Named {
  readonly name: string
  readonly subject: Subject
  /** Default `both`: it stores and handles. */
  readonly role?: ServerPlan['role']
}

const peer = (name: string, peer: PeerName): Named => ({ name, subject: { kind: 'peer', peer } })
const ours = (host: Host, inbox: 'sqlite' | 'memory'): Named => ({
  name: `posthorn ${host} ${inbox}`,
  subject: { kind: 'posthorn', host, inbox },
})

export const DRAIN: Named = peer('node:http drain', 'drain')
export const JSON_PARSE: Named = peer('node:http + JSON.parse', 'json')
export const EXPRESS_ZOD: Named = peer('Express + express.json + zod', 'express-zod')
export const FASTIFY_AJV: Named = peer('Fastify + ajv', 'fastify-ajv')
export const FASTIFY_ZOD: Named = peer('Fastify + zod', 'fastify-zod')
export const APPEND: Named = peer('node:http + append, sync, JSON.parse', 'append')
export const VERIFY_AND_RUN: Named = peer('verify and run (as @octokit/webhooks)', 'verify-and-run')
export const ROWS: Named = peer('a row per event in SQLite', 'rows')
export const PG_BOSS: Named = peer('pg-boss, a job per event', 'pg-boss')

export const OURS: Named = ours('node', 'sqlite')
/** With those who listen to it. */
export const LISTENED: readonly Named[] = (['prometheus', 'otel metrics', 'spans', 'spans of events'] as const).map(
  (listener) => ({
    name: `posthorn node sqlite, ${listener}`,
    subject: { kind: 'posthorn', host: 'node', inbox: 'sqlite', listener },
  }),
)
/** As the receiving half of two processes: events are handled elsewhere. */
export const STORED: Named = { ...OURS, name: 'posthorn node sqlite, receive only', role: 'receive' }
export const OUR_OTHERS: readonly Named[] = [
  ours('express', 'sqlite'),
  ours('fastify', 'sqlite'),
  ours('fetch', 'sqlite'),
  ours('node', 'memory'),
]

/** Those that our targets compare with. */
export const YARDSTICKS: readonly Named[] = [DRAIN, JSON_PARSE, EXPRESS_ZOD]
export const MORE_PEERS: readonly Named[] = [APPEND, FASTIFY_AJV, FASTIFY_ZOD, VERIFY_AND_RUN, ROWS, PG_BOSS]

/** The lines of the head, with what this subject alone wants. */
export function requestHeaders({ subject }: Named, provider: ProviderName, body: string): string[] {
  const signed = subject.kind === 'peer' && subject.peer === 'verify-and-run'
  return signed ? [...headersOf(provider), `${SIGNATURE}: ${signatureOf(body)}`] : headersOf(provider)
}

/** Whether a server of its own stores for it, which goes on working when a measurement is over. */
export const needsPostgres = ({ subject }: Named): boolean => subject.kind === 'peer' && subject.peer === 'pg-boss'

/** null: it can be measured here with such bodies; else why not, in a few words. */
export function lackOf(named: Named, provider: ProviderName): string | null {
  const { subject } = named
  if (subject.kind === 'posthorn') return null
  if (subject.peer === 'verify-and-run' && provider === 'mailjet')
    return 'the stamp of a Mailjet post is in its body, which would need a new signature each time'
  return needsPostgres(named) ? lackOfPgBoss() : null
}

function lackOfPgBoss(): string | null {
  if (!installed('pg-boss')) return 'the package pg-boss is not installed'
  return findPostgres() !== null ? null : 'there is no PostgreSQL server on this machine'
}

function installed(name: string): boolean {
  try {
    import.meta.resolve(name)
    return true
  } catch {
    return false
  }
}
