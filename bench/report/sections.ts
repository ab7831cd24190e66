/** The parts of a report as Markdown: what was held, where we lose, and every figure. */
import { find, type Measure, type RunResult, type ScenarioResult } from '../harness/results.ts'
import { ratios, spreadOf } from '../harness/stats.ts'
import { DRAIN, EXPRESS_ZOD, JSON_PARSE, OURS } from '../harness/subjects.ts'
import { figure, spreadText, table } from './table.ts'
import { verdicts } from './targets.ts'

/** The figure that a scenario is about, what is better, and who it is compared with. */
const COMPARED: Readonly<Record<string, { measure: string; better: 'less' | 'more'; peers: readonly string[] }>> = {
  acks: { measure: 'ack p99', better: 'less', peers: [DRAIN.name, EXPRESS_ZOD.name] },
  throughput: { measure: 'events', better: 'more', peers: [JSON_PARSE.name, EXPRESS_ZOD.name] },
  posts: { measure: 'posts', better: 'more', peers: [JSON_PARSE.name, EXPRESS_ZOD.name] },
}

export function targetsSection(run: RunResult): string {
  const rows = verdicts(run).map(({ target, reached, rounds, met }) => {
    const { text, kind, limit, unit, judge } = target
    const wanted = `${kind === 'most' ? '≤' : '≥'} ${limit} ${unit}`
    if (reached === null) return [text, wanted, 'not measured', '–']
    const worst = `${figure(reached)} ${unit}, the worst of ${rounds.length}`
    return [text, wanted, judge === 'median' ? `${spreadText(rounds)} ${unit}` : worst, met ? 'yes' : 'no']
  })
  return table(['measure', 'target', 'reached', 'met'], rows)
}

/** Whoever is ahead of our own first choice in what a scenario is about. */
export function lossesSection(run: RunResult): string {
  const rows = run.scenarios.flatMap((scenario) => {
    const compared = COMPARED[scenario.name]
    if (compared === undefined) return []
    const { measure, better } = compared
    const all = scenario.measures.filter((one) => one.measure === measure)
    return all
      .filter(({ subject }) => subject === OURS.name)
      .flatMap((our) => all.filter((other) => isAhead(other, our, better)).map((other) => lossRow(other, our, better)))
  })
  if (run.scenarios.every(({ name }) => COMPARED[name] === undefined)) return 'Not measured in this run.'
  return rows.length === 0 ? 'Nobody measured here was ahead.' : table(['measured', 'ahead of us', 'by'], rows)
}

function isAhead(other: Measure, our: Measure, better: 'less' | 'more'): boolean {
  if (other.setting !== our.setting || other.subject.startsWith('posthorn')) return false
  const [theirs, mine] = [spreadOf(other.rounds).median, spreadOf(our.rounds).median]
  return better === 'less' ? theirs < mine : theirs > mine
}

function lossRow(other: Measure, our: Measure, better: 'less' | 'more'): string[] {
  const by = better === 'less' ? ratios(our.rounds, other.rounds) : ratios(other.rounds, our.rounds)
  return [`${our.measure}: ${our.setting}`, other.subject, `${spreadText(by)} ×`]
}

export function scenarioSection(run: RunResult, name: string): string {
  const scenario = run.scenarios.find((one) => one.name === name)
  if (scenario === undefined) return 'Not measured in this run.'
  const settings = [...new Set(scenario.measures.map(({ setting }) => setting))]
  const tables = scenario.measures.some(({ at }) => at !== undefined)
    ? curves(scenario)
    : settings.map((setting) => `**${setting}**\n\n${settingTable(run, scenario, setting)}`)
  return [scenario.how, ...tables, ...scenario.notes].join('\n\n')
}

function settingTable(run: RunResult, scenario: ScenarioResult, setting: string): string {
  const here = scenario.measures.filter((one) => one.setting === setting)
  const measures = [...new Map(here.map(({ measure, unit }) => [measure, unit]))]
  const subjects = [...new Set(here.map(({ subject }) => subject))]
  const compared = COMPARED[scenario.name]
  const peers = compared?.peers.filter((peer) => subjects.includes(peer)) ?? []
  const rows = subjects.map((subject) => {
    const cell = (measure: string) => here.find((one) => one.subject === subject && one.measure === measure)
    const figures = measures.map(([measure]) => rounds(cell(measure)))
    return [
      subject,
      ...figures,
      ...peers.map((peer) => ratioTo(run, scenario.name, compared?.measure ?? '', setting, subject, peer)),
    ]
  })
  const head = measures.map(([measure, unit]) => (measure === unit ? measure : `${measure}, ${unit}`))
  return table(['', ...head, ...peers.map((peer) => `${compared?.measure} ÷ ${peer}`)], rows)
}

const rounds = (measure: Measure | undefined) => (measure === undefined ? '' : spreadText(measure.rounds))

function ratioTo(
  run: RunResult,
  scenario: string,
  measure: string,
  setting: string,
  subject: string,
  peer: string,
): string {
  const [own, other] = [subject, peer].map((subject) => find(run, { scenario, measure, setting, subject }))
  return own && other ? `${spreadText(ratios(own.rounds, other.rounds))}` : ''
}

/** One table for each curve: its points are the rows. */
function curves({ measures }: ScenarioResult): string[] {
  return [...new Set(measures.map(({ measure }) => measure))].map((measure) => {
    const points = measures.filter((one) => one.measure === measure)
    const subjects = [...new Set(points.map(({ subject }) => subject))]
    const settings = [...new Set(points.map(({ setting }) => setting))]
    const rows = settings.map((setting) => [
      setting,
      ...subjects.map((subject) => rounds(points.find((one) => one.setting === setting && one.subject === subject))),
    ])
    return `**${measure}, ${points[0]?.unit}**\n\n${table(['', ...subjects], rows)}`
  })
}

export function machineSection(run: RunResult): string {
  const facts = {
    date: run.at,
    commit: run.commit,
    run: run.quick ? 'quick' : 'whole',
    client: run.client,
    ...run.machine,
  }
  return table(
    ['', ''],
    Object.entries(facts).map(([name, value]) => [name, value]),
  )
}
