/** Which handlers a delivery belongs to: the set known when it was claimed for the first time. */

export interface Epoch {
  /** First sequence number it holds for; it ends where the next begins. */
  readonly from: number
  /** Sorted. */
  readonly handlers: readonly string[]
}

/** The epoch of a delivery that has been claimed. */
export function epochOf(epochs: readonly Epoch[], seq: number): Epoch | undefined {
  return epochs.findLast((epoch) => epoch.from <= seq)
}

export function sameHandlers(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i])
}
