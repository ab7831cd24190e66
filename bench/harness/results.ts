/** What a run leaves behind: figures round by round, so that every ratio and spread can be made again. */
import { ratios } from './stats.ts'

export type Unit = 'ms' | 'events' | 'events/s' | 'posts/s' | 'MiB' | '×' | '%' | 'packages' | 'kB'

/** One thing measured of one subject in one setting, once per round. */
export interface Measure {
  readonly measure: string
  readonly subject: string
  readonly setting: string
  readonly unit: Unit
  readonly rounds: readonly number[]
  /** The independent variable, where the setting is one point of a curve. */
  readonly at?: number
}

export interface ScenarioResult {
  readonly name: string
  readonly title: string
  readonly how: string
  /** What was left out or differs, and why. */
  readonly notes: readonly string[]
  readonly measures: readonly Measure[]
}

export interface RunResult {
  readonly at: string
  readonly quick: boolean
  readonly commit: string
  readonly machine: Readonly<Record<string, string>>
  readonly client: string
  readonly scenarios: readonly ScenarioResult[]
}

export const CLIENT =
  'senders in a process of their own: raw node:net sockets, keep-alive, prebuilt request bytes, no pipelining'

/** Gathers the rounds of a scenario. */
export class Figures {
  readonly #measures = new Map<string, Measure & { readonly rounds: number[] }>()
  readonly #notes = new Set<string>()

  add(figure: Omit<Measure, 'rounds'>, value: number): void {
    const key = JSON.stringify([figure.measure, figure.subject, figure.setting])
    const found = this.#measures.get(key) ?? { ...figure, rounds: [] }
    found.rounds.push(Math.round(value * 1_000) / 1_000)
    this.#measures.set(key, found)
  }

  /** For several figures of one subject in one setting. */
  of(subject: string, setting: string): (measure: string, unit: Unit, value: number) => void {
    return (measure, unit, value) => this.add({ measure, subject, setting, unit }, value)
  }

  /** Of one subject to another, round by round. */
  ratios({ measure, setting }: Pick<Measure, 'measure' | 'setting'>, of: string, to: string): number[] {
    const all = [...this.#measures.values()].filter((one) => one.measure === measure && one.setting === setting)
    const [some, others] = [of, to].map((subject) => all.find((one) => one.subject === subject)?.rounds ?? [])
    return ratios(some ?? [], others ?? [])
  }

  note(text: string): void {
    this.#notes.add(text)
  }

  result(facts: Pick<ScenarioResult, 'name' | 'title' | 'how'>): ScenarioResult {
    return { ...facts, notes: [...this.#notes], measures: [...this.#measures.values()] }
  }
}

export interface Query {
  readonly scenario: string
  readonly measure: string
  readonly subject?: string
  readonly setting?: string
}

/** The first measure that fits; null where the run has none. */
export function find(run: RunResult, { scenario, measure, subject, setting }: Query): Measure | null {
  const found = run.scenarios.find(({ name }) => name === scenario)?.measures
  const fits = (one: Measure) =>
    one.measure === measure &&
    (subject === undefined || one.subject === subject) &&
    (setting === undefined || one.setting === setting)
  return found?.find(fits) ?? null
}
