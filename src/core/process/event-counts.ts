/** Counts what a first pass reads, where somebody listens. */
import type { EventCounts } from '../../ports/telling.ts'
import type { AnyEvent, Bounce } from '../../types.ts'

export class ReadCounts implements EventCounts {
  readonly types = new Map<string, Map<string, number>>()
  readonly bounces = new Map<string, number>()
  readonly lateMs: number[] = []

  add(event: AnyEvent): void {
    if (event.isTest) return
    const names = this.types.get(event.type) ?? new Map<string, number>()
    this.types.set(event.type, names)
    increase(names, event.name)
    if ('bounce' in event) increase(this.bounces, (event.bounce as Bounce).kind)
    this.lateMs.push(event.lateMs)
  }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
