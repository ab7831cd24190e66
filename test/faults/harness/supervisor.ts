/** Starts the receiver again whenever it dies, as a host does. */
import type { Plan } from './plan.ts'
import type { Running, Site } from './site.ts'

export interface Survival {
  readonly deaths: number
  /** The process that came through with no work left; null when none did. */
  readonly last: Running | null
}

/** Starts until a process has settled everything, at most `most` times; each also posts what is not acknowledged. */
export async function surviveOn(site: Site, plan: Partial<Plan>, most: number): Promise<Survival> {
  for (let deaths = 0; deaths < most; deaths++) {
    const running = await survivor(site, plan)
    if (running !== null) return { deaths, last: running }
  }
  return { deaths: most, last: null }
}

async function survivor(site: Site, plan: Partial<Plan>): Promise<Running | null> {
  try {
    const running = await site.start(plan)
    await running.sender.load(2, () => null)
    await running.control('settled')
    return running
  } catch {
    // It ended before it told, or before it answered.
    return null
  }
}
