import { Command } from '@commander-js/extra-typings'
import type { Done } from '../exit.ts'
import { wholeNumberOf } from '../values.ts'

export const demoCommand = (done: Done) =>
  new Command('demo')
    .summary('a receiver on this machine, and deliveries of every sender to it')
    .description(
      'Starts a receiver on a SQLite file, posts deliveries of every sender to it over loopback and shows what became of them; then it stays and listens.',
    )
    .option(
      '--port <port>',
      'where it listens; another port when this one is taken',
      wholeNumberOf('--port', 0, 65_535),
      3_000,
    )
    .option('--once', 'end after the show', false)
    .action(async (options) => {
      const { demo } = await import('../demo.ts')
      done(await demo(options))
    })
