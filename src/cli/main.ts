#!/usr/bin/env node
/** The command line: `posthorn demo`. */
import { parseArgs } from 'node:util'

const USAGE = `posthorn <command>

  demo [--port 3000] [--once]   a receiver on a SQLite file, deliveries of every sender posted to it over loopback,
                                and what became of them; then it stays and listens (--once: ends)
`

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args
  if (command === 'demo') {
    const { demo } = await import('./demo.ts')
    const options = { port: { type: 'string', default: '3000' }, once: { type: 'boolean', default: false } } as const
    const { values } = parseArgs({ args: rest, options })
    return demo({ port: Number(values.port), once: values.once })
  }
  const asked = command === undefined || command === 'help' || command === '--help'
  ;(asked ? process.stdout : process.stderr).write(
    asked ? USAGE : `posthorn: there is no command "${command}"\n\n${USAGE}`,
  )
  return asked ? 0 : 2
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`posthorn: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
