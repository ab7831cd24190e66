#!/usr/bin/env node
/** The program `posthorn`. */
import { run } from './run.ts'

// Whoever reads our output may stop: `posthorn … | head`. The exit code stays what it would be.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })

const code = await run(process.argv.slice(2))
// What stays sets the code itself when it ends.
if (code !== 0) process.exitCode = code
