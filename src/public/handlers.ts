/** Handlers as users write them. Types only, exported from `posthorn`. */
import type { AnyEvent, Effect, NativeClassOf, RetryOptions } from '../types.ts'

type Effects = `effect.${Exclude<Effect, 'none'>}`

/** `momentum.track_event.*` of an event in that class; never where its sender has no classes. */
type ClassPatternOf<E extends AnyEvent> = E extends unknown ? `${E['provider']}.${NativeClassOf<E>}.*` : never

/**
 * What `on` can listen to: a native name, a normalised type, `<provider>.*`, the native names of a class of the sender
 * (`<provider>.<class>.*`), an effect, or everything.
 */
export type NameOf<E extends AnyEvent> =
  | '*'
  | E['name']
  | E['type']
  | `${E['provider']}.*`
  | ClassPatternOf<E>
  | Effects

/** The normalised types whose events can have an effect. */
type MayAct = 'bounced' | 'complained' | 'unsubscribed' | 'rejected'

type OfClass<E extends AnyEvent, N extends string> = E extends unknown
  ? N extends ClassPatternOf<E>
    ? E
    : never
  : never

/** The events that a pattern lets through. */
export type Matched<E extends AnyEvent, N extends string> = N extends '*'
  ? E
  : N extends `effect.${infer F extends Effect}`
    ? Extract<E, { type: MayAct }> & { readonly effect: F; readonly email: string }
    : N extends `${infer P}.*`
      ? Extract<E, { provider: P }> | OfClass<E, N>
      : Extract<E, { name: N }> | Extract<E, { type: N }>

/** What a handler is told beside its event. */
export interface HandlerContext {
  /**
   * Fires when the attempt has timed out, the receiver must stop, or with `ack: 'handled'` the sender has left or its time
   * is over: give up then, the event is not lost. Its reason has the code ERR_HANDLER_TIMEOUT, ERR_RECEIVER_CLOSED or
   * ERR_REQUEST_OVER.
   */
  readonly signal: AbortSignal
  /** 1 on the first call. */
  readonly attempt: number
  /** The durable name of the handler. */
  readonly handler: string
  /**
   * With `orderBy`: an event of the same key with a later `occurredAt` was handed before this one, as far back as the
   * process remembers: the latest 10 000 keys. False without `orderBy`, and in a replay.
   */
  readonly outOfOrder: boolean
}

/** Returned by a batch handler: these events of the batch failed, and the others are done. */
export interface BatchFailures {
  readonly failed: ReadonlyArray<{ readonly id: string; readonly error: unknown }>
}

export type EventHandler<E> = (event: E, context: HandlerContext) => unknown

/**
 * Takes the events of a batch. What it returns is of no matter, such as the result of an insert, unless it says that
 * something failed:
 * - `{ failed: [{ id, error }] }` ([BatchFailures]): these events failed, the others are done;
 * - the whole batch failed: a `failed` that is filled otherwise (an id that is not in the batch, a count); `false`; a list
 *   with an item whose `status` is `'rejected'` (`Promise.allSettled`); a `failures` or `batchItemFailures` that is not
 *   empty. The error has the code ERR_HANDLER_BATCH.
 *
 * @example
 * receiver.onBatch('*', { name: 'warehouse', size: 1000 }, async (events) => warehouse.insert(events))
 */
export type BatchHandler<E> = (events: readonly E[], context: HandlerContext) => unknown

export interface HandlerOptions<E, K extends string> {
  /** The durable name. Default: the event it listens to, plus `@source`. Renaming it starts a new handler: see `formerly`. */
  readonly name?: string
  /** Names this handler had before; work left under them is carried over at `start`. */
  readonly formerly?: readonly string[]
  /** Only events of these sources. Default: of all; `undefined` is refused. */
  readonly source?: K | readonly K[]
  /** How often it is tried again, and after which pauses: 36 calls in about a day, unless `RetryOptions` say otherwise. */
  readonly retry?: RetryOptions
  /** One attempt may take this long, in ms; then its signal fires and it has failed. Default 30_000. */
  readonly timeoutMs?: number
  /** Calls at once, over all deliveries. Default 8. */
  readonly concurrency?: number
  /** false leaves the sender's test events out. Default true. */
  readonly tests?: boolean
  /**
   * Events with the same key run one at a time, in the order in which they were received: by delivery, then by place in
   * it. One that failed holds those after it until it is done or dead, over restarts too; other keys go on. null: in no
   * order. A key is a text of any length, such as `event.email`; the same event must have the same key each time.
   */
  readonly orderBy?: (event: E) => string | null
}

export interface BatchOptions<K extends string> extends Omit<HandlerOptions<never, K>, 'orderBy'> {
  /** Most events in one call. Default 100. */
  readonly size?: number
  /** Calls at once, over all deliveries. Default 1. */
  readonly concurrency?: number
  /** How long the first event of a batch waits for company, in ms. Default 1_000. */
  readonly maxWaitMs?: number
}
