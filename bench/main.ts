/** `npm run bench`: runs scenarios one after the other, writes their figures as JSON, and shows what came of it. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
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

/** A measurement of its own, with a server of its own. */
const APART = 'postgres'

const known = SCENARIOS.map(({ name }) => name)
const isApart = process.argv[2] === APART
const asked = isApart ? null : readArguments(process.argv.slice(2), known)
if (asked === null) await import('./postgres.ts')
else if (asked === 'help') {
  const list = SCENARIOS.map(({ name, title }) => `  ${name.padEnd(12)} ${title}`)
  const apart = `  ${APART.padEnd(12)} alone: the inbox in PostgreSQL beside a file, with a pooler and a held snapshot`
  process.stdout.write(`${USAGE}\n${list.join('\n')}\n${apart}\n`)
} else {
  const run = await bench(asked)
  const file = asked.out ?? join(import.meta.dirname, 'results/latest.json')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(run, null, 1)}\n`)
  process.stdout.write(`${asText(run)}\nfigures of every round: ${file}\n`)
}
