#!/usr/bin/env node
/** The program `posthorn`. */
import { run } from './run.ts'

// Whoever reads our output may stop: `posthorn … | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

const code = await run(process.argv.slice(2))
// What stays sets the code itself when it ends.
if (code !== 0) process.exitCode = code
