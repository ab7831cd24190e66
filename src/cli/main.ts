#!/usr/bin/env node
/** The program `posthorn`. Loads nothing but what an older Node can load before it has looked at the version. */
import { nodeFault } from '../lib/node-version.ts'

// Whoever reads our output may stop: `posthorn … | head`. The exit code stays what it would be.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })

async function main(args: readonly string[]): Promise<number> {
  const fault = nodeFault('posthorn')
  if (fault === null) return (await import('./run.ts')).run(args)
  process.stderr.write(`${fault}\n`)
  return 1
}

const code = await main(process.argv.slice(2))
// What stays sets the code itself when it ends.
if (code !== 0) process.exitCode = code
