/** What the repair of a source asks of its receiver. */

export interface RepairDoor {
  /** How long bodies of finished deliveries are kept; Infinity for ever. */
  readonly bodiesMs: number
  now(): number
  /** What is stored of the source and was received since then; without what came after the signal. */
  known(source: string, sinceMs: number, signal: AbortSignal | undefined): Promise<KnownEvents>
  /** The elements of a body, in its order; empty when it has no borders, or nobody knows the source. */
  read(source: string, text: string): Promise<readonly KeyedElement[]>
}

export interface KnownEvents {
  readonly keys: Set<string>
  /** Deliveries of which bytes are missing: what was in them cannot be told. */
  readonly incomplete: number
}

export interface KeyedElement {
  /** What tells the event from others; empty: nothing does, or it cannot be read. */
  readonly keys: readonly string[]
  readonly occurredAtMs: number | null
}
