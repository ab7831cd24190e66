/**
 * Numbers of deliveries and of rows over all shards: that in its shard, and the place of the shard. 64 times as large, they
 * stay exact for a shard of 140 000 000 000 000 rows.
 */
export const MOST_SHARDS = 64

export const outside = (place: number, number: number): number => number * MOST_SHARDS + place

export const placeOf = (number: number): number => number % MOST_SHARDS

export const inside = (number: number): number => Math.floor(number / MOST_SHARDS)

/** `before` of a page, as the shard in this place has to be asked. */
export const beforeIn = (place: number, before: number | null): number | null =>
  before === null ? null : Math.max(0, Math.ceil((before - place) / MOST_SHARDS))

/** `after` of a page of history, likewise. */
export const afterIn = (place: number, after: number): number => Math.max(0, Math.floor((after - place) / MOST_SHARDS))

/** Those of one shard, as it knows them, by its place. */
export function byPlace<T>(items: readonly T[], numberOf: (item: T) => number): Map<number, T[]> {
  const found = new Map<number, T[]>()
  for (const item of items) {
    const place = placeOf(numberOf(item))
    const there = found.get(place)
    if (there === undefined) found.set(place, [item])
    else there.push(item)
  }
  return found
}
