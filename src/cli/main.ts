#!/usr/bin/env node
/** The program `posthorn`. Loads nothing but what an older Node can load before it has looked at the version. */
import { nodeFault } from '../lib/node-version.ts'
import { version } from './version.ts'

// Whoever reads our output may stop: `posthorn … | head`. The exit code stays what it would be.
process.stderr.on('error', () => {})
process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  // Of a full disk each write tells it.
  if (code === 'EPIPE' || process.exitCode === 3) return
  process.stderr.write(`posthorn: the output could not be written: ${message}\n`)
  process.exitCode = 3
})

async function main(args: readonly string[]): Promise<number> {
  const fault = nodeFault('posthorn')
  if (fault !== null) {
    process.stderr.write(`${fault}\n`)
    return 1
  }
  // Programs ask for it before each call: the commands are not loaded for that.
  if (args.length !== 1 || args[0] !== '--version') return (await import('./run.ts')).run(args)
  process.stdout.write(`${version()}\n`)
  return 0
}

const code = await main(process.argv.slice(2))
if (code !== 0) process.exitCode ??= code
