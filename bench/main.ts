/** `npm run bench`: runs scenarios one after the other, writes their figures as JSON, and shows what came of it. */
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeFolder } from '../src/lib/make-folder.ts'
import { Context } from './harness/context.ts'
import { commitId, machineFacts } from './harness/machine.ts'
import { type CommandLine, readArguments, USAGE } from './harness/options.ts'
import { CLIENT, type RunResult, type ScenarioResult } from './harness/results.ts'
import { Trials } from './harness/trial.ts'
import { asText } from './report/text.ts'
import { SCENARIOS } from './scenarios/all.ts'

async function bench(asked: CommandLine): Promise<RunResult> {
  const context = new Context(asked)
  const trials = new Trials(context)
  // Servers and senders end with their channels.
  process.once('SIGINT', () => {
    context.remove()
    process.exit(130)
  })
  const scenarios: ScenarioResult[] = []
  try {
    for (const scenario of SCENARIOS.filter(({ name }) => asked.scenarios.includes(name))) {
      const began = performance.now()
      context.log(`${scenario.name}: ${scenario.title}`)
      scenarios.push(await scenario.run(trials))
      context.log(`  ${Math.round((performance.now() - began) / 1_000)} s`)
    }
  } finally {
    await trials.end()
    context.remove()
  }
  const facts = { at: new Date().toISOString(), quick: asked.quick, commit: commitId(), machine: machineFacts() }
  return { ...facts, client: CLIENT, scenarios }
}

/** Measurements of their own, with arguments of their own. */
const APART: Readonly<Record<string, readonly [title: string, run: () => Promise<unknown>]>> = {
  dashboard: ['alone: what a look at the dashboard takes on a full inbox', () => import('./dashboard.ts')],
  postgres: [
    'alone: the inbox in PostgreSQL beside a file, with a pooler and a held snapshot',
    () => import('./postgres.ts'),
  ],
}

const known = SCENARIOS.map(({ name }) => name)
const apart = Object.hasOwn(APART, process.argv[2] ?? '') ? APART[process.argv[2] ?? ''] : undefined
const asked = apart === undefined ? readArguments(process.argv.slice(2), known) : null
if (asked === null) await apart?.[1]()
else if (asked === 'help') {
  const list = SCENARIOS.map(({ name, title }) => `  ${name.padEnd(12)} ${title}`)
  const others = Object.entries(APART).map(([name, [title]]) => `  ${name.padEnd(12)} ${title}`)
  process.stdout.write(`${USAGE}\n${[...list, ...others].join('\n')}\n`)
} else {
  const file = asked.out ?? join(import.meta.dirname, 'results/latest.json')
  // Before the work: a file that cannot be written is told at once.
  makeFolder(dirname(file))
  closeSync(openSync(file, 'a'))
  const run = await bench(asked)
  writeFileSync(file, `${JSON.stringify(run, null, 1)}\n`)
  process.stdout.write(`${asText(run)}\nfigures of every round: ${file}\n`)
}
