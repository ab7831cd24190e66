/** A run as it is shown in a terminal. */
import type { RunResult } from '../harness/results.ts'
import { lossesSection, machineSection, scenarioSection, targetsSection } from './sections.ts'

export function asText(run: RunResult): string {
  const scenarios = run.scenarios.map(({ name, title }) => `## ${title}\n\n${scenarioSection(run, name)}`)
  const ends = [`## Where others are ahead\n\n${lossesSection(run)}`, `## Targets\n\n${targetsSection(run)}`]
  return [machineSection(run), ...scenarios, ...ends].join('\n\n')
}
