import { Command } from '@commander-js/extra-typings'
import type { Done } from '../exit.ts'
import { wholeNumberOf } from '../values.ts'

export const demoCommand = (done: Done) =>
  new Command('demo')
    .summary('a receiver on this machine, killed once under the traffic of every sender')
    .description(
      'Emulates every sender, creates their webhooks at a receiver on a SQLite file, or on PostgreSQL, kills it once under traffic, and counts what was sent and handled; then it stays, listens and shows what comes.',
    )
    .option(
      '--port <port>',
      'where it listens; another port when this one is taken',
      wholeNumberOf('--port', 0, 65_535),
      3_000,
    )
    .option('--postgres <url>', 'the inbox in this database, in a schema of its own, which goes with the demo')
    .option('--once', 'end after the show', false)
    .action(async (options) => {
      const { demo } = await import('../demo.ts')
      done(await demo(options))
    })
