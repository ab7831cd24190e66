/** What a server process is told and asked. Types only. */
import type { ProviderName } from '../bodies/bodies.ts'

export type Host = 'node' | 'express' | 'fastify' | 'fetch'
export type Listener = 'prometheus' | 'otel metrics' | 'spans' | 'spans of events'
export type PeerName =
  | 'drain'
  | 'json'
  | 'express-zod'
  | 'fastify-ajv'
  | 'fastify-zod'
  | 'append'
  | 'verify-and-run'
  | 'rows'
  | 'pg-boss'

export type Subject =
  | { readonly kind: 'peer'; readonly peer: PeerName }
  | {
      readonly kind: 'posthorn'
      readonly host: Host
      readonly inbox: 'sqlite' | 'memory'
      /** Absent: nobody listens. */
      readonly listener?: Listener
    }

export interface ServerPlan {
  readonly subject: Subject
  readonly provider: ProviderName
  /** For the files of the subject. */
  readonly folder: string
  /** Handlers that each get every event. */
  readonly handlers: number
  /** How long a handler takes for an event, in ms; 0: it is an async function that counts. */
  readonly handlerMs: number
  /** Where the subject needs one: the address of a PostgreSQL server. */
  readonly database: string | null
  /** `receive` stores and never handles. */
  readonly role: 'both' | 'receive'
  /** How long a receiver keeps bodies that are handled, in ms; default its own. */
  readonly bodiesMs?: number | undefined
}

/** What a server says when it listens. */
export interface Hello {
  readonly listening: number
  /** See `Served`. */
  readonly startMs: number
  /** When it had started, on the system's monotonic clock. */
  readonly openAt: number
}

/** What a server can be asked, with the answer. */
export interface Questions {
  /** Begins a measurement: counts, loop delay and memory from now on; else they are since the start. */
  begin: [null, null]
  /** Resolves when so many calls of handlers have been made since `begin`; the time of the last. */
  handled: [number, number]
  /** Resolves when nothing is left to do; the time then. */
  idle: [null, number]
  report: [null, Report]
  now: [null, number]
  /** Lets go of what is old; resolves when nothing old is left, with the time then. */
  prune: [null, number]
  /** Ends in order. */
  close: [null, null]
}

export interface Report {
  /** Delay of the event loop since `begin`, in ms, beyond the timer's own millisecond. */
  readonly loop: { readonly p50: number; readonly p99: number; readonly max: number }
  /** User and system time of the process since `begin`, in ms. */
  readonly cpuMs: number
  readonly handled: number
  /** Resident bytes at `begin`, and the most that was seen since, looked at every 50 ms. */
  readonly rssAtBegin: number
  readonly rssMost: number
}

/** A peer or a receiver that listens. */
export interface Served {
  readonly port: number
  /** How long it took to start, listening left out, in ms. */
  readonly startMs: number
  /** When it had, by `performance.now()`. */
  readonly openedAt: number
  idle(): Promise<void>
  /** Where the subject keeps anything. */
  prune?(): Promise<unknown>
  close(): Promise<void>
}
