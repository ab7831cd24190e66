/**
 * Adds up the JSON reports of test runs and prints `N passed, N failed`; fails on any failed test, and on one that no run
 * has passed: the long tests run on one Node only.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly testResults: ReadonlyArray<{
    /** The file. */
    readonly name: string
    readonly status: string
    readonly message?: string
    readonly assertionResults: ReadonlyArray<{ readonly status: string; readonly fullName: string }>
  }>
}

const folder = process.argv[2] ?? '.'
const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
const reports = files.map((name): Report => JSON.parse(readFileSync(join(folder, name), 'utf8')))
const sum = (count: (report: Report) => number) => reports.reduce((total, report) => total + count(report), 0)

const suites = reports.flatMap((report) => report.testResults)
const tests = suites.flatMap(({ name, assertionResults }) =>
  assertionResults.map(({ status, fullName }) => ({ status, fullName, key: `${name} ${fullName}` })),
)
const ran = new Set(tests.filter(({ status }) => status === 'passed' || status === 'failed').map(({ key }) => key))
const skipped = tests.filter(({ status, key }) => status !== 'passed' && status !== 'failed' && !ran.has(key))
for (const { fullName } of skipped) console.log(`skipped: ${fullName}`)
// A file that does not load has no tests to fail.
const broken = suites.filter((suite) => suite.status === 'failed' && suite.assertionResults.length === 0).length

const passed = sum((report) => report.numPassedTests)
const failed = sum((report) => report.numFailedTests) + broken
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = passed > 0 && failed === 0 && skipped.length === 0 && reports.length > 0 ? 0 : 1
