/**
 * Adds up the JSON reports of test runs and prints `N passed, N failed`; fails on any failed test, and on one that no run
 * has passed: the long tests run on one Node only.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly testResults: ReadonlyArray<{
    /** The file. */
    readonly name: string
    readonly status: string
    readonly message?: string
    /** In ms. */
    readonly startTime: number
    readonly endTime: number
    readonly assertionResults: ReadonlyArray<{
      readonly status: string
      readonly fullName: string
      /** Of a contract that does not hold for this inbox, in so many words. */
      readonly meta?: { readonly excused?: string }
    }>
  }>
}

/** Files whose time is printed: what to shorten first. */
const SLOWEST = 25

const folder = process.argv[2] ?? '.'
const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
const reports = files.map((name): Report => JSON.parse(readFileSync(join(folder, name), 'utf8')))
const sum = (count: (report: Report) => number) => reports.reduce((total, report) => total + count(report), 0)

const suites = reports.flatMap((report) => report.testResults)
const tests = suites.flatMap(({ name, assertionResults }) =>
  assertionResults
    .filter(({ meta }) => meta?.excused === undefined)
    .map(({ status, fullName }) => ({ status, fullName, key: `${name} ${fullName}` })),
)
const ran = new Set(tests.filter(({ status }) => status === 'passed' || status === 'failed').map(({ key }) => key))
const skipped = tests.filter(({ status, key }) => status !== 'passed' && status !== 'failed' && !ran.has(key))
for (const { fullName } of skipped) console.log(`skipped: ${fullName}`)
// A file that does not load has no tests to fail.
const broken = suites.filter((suite) => suite.status === 'failed' && suite.assertionResults.length === 0).length

const seconds = suites.map(({ name, startTime, endTime }) => ({ name, took: (endTime - startTime) / 1_000 }))
for (const { name, took } of seconds.sort((a, b) => b.took - a.took).slice(0, SLOWEST))
  console.log(`took ${took.toFixed(0).padStart(4)} s: ${relative(process.cwd(), name)}`)

const passed = sum((report) => report.numPassedTests)
const failed = sum((report) => report.numFailedTests) + broken
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = passed > 0 && failed === 0 && skipped.length === 0 && reports.length > 0 ? 0 : 1
