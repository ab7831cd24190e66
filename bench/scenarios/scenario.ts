/** The contract of a scenario. Types only. */
import type { ScenarioResult } from '../harness/results.ts'
import type { Trials } from '../harness/trial.ts'

export interface Scenario {
  readonly name: string
  /** One line for the list of scenarios. */
  readonly title: string
  run(trials: Trials): Promise<ScenarioResult>
}
