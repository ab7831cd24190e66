/** The dashboard that is shipped, as far as tests read it. */

interface Panel {
  readonly type: string
  readonly title: string
  readonly targets?: ReadonlyArray<{ readonly expr: string }>
}

export interface Dashboard {
  readonly panels: readonly Panel[]
}

/** Without the rows, which are titles. */
export const panelsOf = ({ panels }: Dashboard): Panel[] => panels.filter(({ type }) => type !== 'row')

export const expressionsOf = (dashboard: Dashboard): string[] =>
  panelsOf(dashboard).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))

/** As Grafana asks for it with this job chosen, and everything of it. */
export const withoutVariables = (expression: string, interval = '5m', job = '.*'): string =>
  expression
    .replaceAll('$__rate_interval', interval)
    .replaceAll('"$job"', `"${job}"`)
    .replaceAll(/"\$(source|handler)"/g, '".*"')
