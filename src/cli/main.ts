#!/usr/bin/env node
/** The command line: `posthorn demo`, `posthorn send`, `posthorn read`. */
import { parseArgs } from 'node:util'

const USAGE = `posthorn <command>

  demo [--port 3000] [--once]   a receiver on a SQLite file, deliveries of every sender posted to it over loopback,
                                and what became of them; then it stays and listens (--once: ends)
  send <name> --to URL          one delivery of sample events, momentum.bounce or any other native name, to a running
                                server; exits 0 on 200, 1 otherwise
  send --file body.json --to URL
                                one delivery of the bytes in a file, without a batch id; of {"results":[…]}, which
                                SparkPost's samples endpoint answers, the list alone
       --token T | --basic user:password | --bearer T | --header 'name: value'     credentials; those in the path or
                                the query stand in the URL
       --as type                the normalised type, where a name can have several
       --set field=value        a field of the payload, as often as you like; values may be JSON
       --count n                this many events, each with ids of its own (default 1)
  read <sender> <file>          what a receiver would make of a body: its events, or why not; - is stdin. Asks nobody and
                                stores nothing. Senders: momentum, sparkpost, mailjet, esputnik. Exits 0 when all of it
                                could be read, 1 otherwise
       --json                   the events whole, with their addresses and payloads
       --time-zone zone         of eSputnik's times, such as Europe/Kyiv (default UTC)
`

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args
  if (command === 'demo') {
    const { demo } = await import('./demo.ts')
    const options = { port: { type: 'string', default: '3000' }, once: { type: 'boolean', default: false } } as const
    const { values } = parseArgs({ args: rest, options })
    return demo({ port: Number(values.port), once: values.once })
  }
  if (command === 'send') {
    const { send } = await import('./send.ts')
    return send(rest)
  }
  if (command === 'read') {
    const { readCommand } = await import('./read.ts')
    return readCommand(rest, process.stdin)
  }
  const asked = command === undefined || command === 'help' || command === '--help'
  ;(asked ? process.stdout : process.stderr).write(
    asked ? USAGE : `posthorn: there is no command "${command}"\n\n${USAGE}`,
  )
  return asked ? 0 : 2
}

// Whoever reads what is written may leave early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`posthorn: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
