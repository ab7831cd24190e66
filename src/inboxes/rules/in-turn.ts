/** Fair picking for the inboxes: retries never starve new deliveries, nor the other way round. */

export interface Sized {
  /** Memory that the work on it takes. */
  readonly bytes: number
}

export interface Limits {
  readonly maxDeliveries: number
  readonly maxBytes: number
}

/** 0: due work is next; 1: new deliveries are. */
export type Turn = 0 | 1

/**
 * Picks from two queues in turn, so that each gets half while both have items, and keeps the order of each. The first
 * item that does not fit ends the picking; the very first is picked whatever its size.
 */
export function pickInTurn<T extends Sized>(
  queues: readonly [due: readonly T[], fresh: readonly T[]],
  turn: Turn,
  limits: Limits,
): { readonly picked: readonly T[]; readonly turn: Turn } {
  const picked: T[] = []
  const next: [number, number] = [0, 0]
  let bytes = 0
  while (picked.length < limits.maxDeliveries) {
    if (next[turn] === queues[turn].length) turn = other(turn)
    const item = queues[turn][next[turn]]
    if (item === undefined) break
    if (picked.length > 0 && bytes + item.bytes > limits.maxBytes) break
    picked.push(item)
    bytes += item.bytes
    next[turn] += 1
    turn = other(turn)
  }
  return { picked, turn }
}

function other(turn: Turn): Turn {
  return turn === 0 ? 1 : 0
}
