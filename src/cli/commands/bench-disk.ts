import { Command } from '@commander-js/extra-typings'
import type { Done } from '../exit.ts'
import { wholeNumberOf } from '../values.ts'

export const benchDiskCommand = (done: Done) =>
  new Command('bench-disk')
    .summary('whether a disk is quick enough for an inbox')
    .description(
      'Writes to a file of its own in the folder, which it removes, and waits each time until the disk has it, as each acknowledgement does. Ends with 1 when that takes too long for senders, with 3 when nothing can be written there.',
    )
    .argument('[folder]', 'where the inbox is to lie', '.')
    .option('--count <n>', 'writes of each size', wholeNumberOf('--count', 10, 100_000), 200)
    .option('--json', 'one JSON object', false)
    .action(async (folder, options) => {
      const { benchDisk } = await import('../bench-disk.ts')
      done(await benchDisk(folder, options))
    })
