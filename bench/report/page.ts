/** docs/performance.md: the words of page.md with the figures of a run in their places. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunResult } from '../harness/results.ts'
import { SCENARIOS } from '../scenarios/all.ts'
import { lossesSection, machineSection, scenarioSection, targetsSection } from './sections.ts'

/** `plots` are paths from the page. @throws Error when page.md has a place that nothing fills */
export function pageOf(run: RunResult, plots: readonly string[]): string {
  const fills: Readonly<Record<string, () => string>> = {
    machine: () => machineSection(run),
    targets: () => targetsSection(run),
    losses: () => lossesSection(run),
    plots: () =>
      plots.map((path) => `![${path.replace(/^.*\/|\.svg$/g, '').replaceAll('-', ' ')}](${path})`).join('\n\n'),
    ...Object.fromEntries(SCENARIOS.map(({ name }) => [name, () => scenarioSection(run, name)])),
  }
  return readFileSync(join(import.meta.dirname, 'page.md'), 'utf8').replace(/\{\{([\w-]+)\}\}/g, (place, name) => {
    const fill = fills[name]
    if (fill === undefined) throw new Error(`nothing fills ${place}`)
    return fill()
  })
}
