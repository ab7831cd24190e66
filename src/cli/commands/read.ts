import { Command } from '@commander-js/extra-typings'
import type { Done } from '../exit.ts'

export const readCommand = (done: Done) =>
  new Command('read')
    .summary('what a receiver would make of a body: its events, or why not')
    .description(
      'Reads a body into events, or says why not. Asks nobody and stores nothing. Ends with 0 when all of it could be read, with 1 when not, with 3 when there is no such file.',
    )
    .argument('<sender>', 'momentum, sparkpost, mailjet or esputnik')
    .argument('<file>', 'the body; - is stdin')
    .option('--time-zone <zone>', "of eSputnik's times, such as Europe/Kyiv", 'UTC')
    .option('--json', 'the events whole, with their addresses and payloads', false)
    .action(async (sender, file, options) => {
      const { readBody } = await import('../read.ts')
      done(await readBody(sender, file, options, process.stdin))
    })
