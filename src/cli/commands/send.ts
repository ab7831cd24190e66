import { Command, Option } from '@commander-js/extra-typings'
import type { Done } from '../exit.ts'
import { basicOf, headersOf, listOf, webAddressOf, wholeNumberOf } from '../values.ts'

const SOURCE = 'http://localhost:3000/webhooks/shop'

export const sendCommand = (done: Done) =>
  new Command('send')
    .summary('one delivery of sample events, or of a file, to a running server')
    .description(
      'Posts one delivery of sample events, as their sender would, or of the bytes in a file. Ends with 0 when the answer is 200, with 1 when it is another, with 3 when there is none or the file cannot be read.',
    )
    .argument('[name]', 'a native name: momentum.bounce, mailjet.click, esputnik.read')
    .option('--to <url>', `address of a source: ${SOURCE}`, webAddressOf('--to', SOURCE))
    .addOption(
      new Option(
        '--file <file>',
        'in the place of a name: the bytes of this file, - for stdin, without a batch id; of {"results":[…]}, as SparkPost\'s samples endpoint answers, the list alone',
      ).conflicts(['as', 'set', 'count']),
    )
    .option('--token <token>', 'credentials: the X-MessageSystems-Webhook-Token header')
    .option('--basic <user:password>', 'credentials: HTTP Basic', basicOf)
    .option('--bearer <token>', 'credentials: Authorization: Bearer')
    .option('--header <name: value>', 'a header of your choice; may be repeated', headersOf)
    .option('--as <type>', 'the normalised type, where a name can have several')
    .option(
      '--set <field=value>',
      'a field of the payload, as text or JSON; may be repeated; --list with a name shows its fields',
      listOf,
    )
    .option('--count <n>', 'this many events, each with ids of its own', wholeNumberOf('--count', 1, 100_000), 1)
    .option('--list', 'sends nothing: shows the names of all events, with a name its fields', false)
    .option('--json', 'the answer as one JSON object: status, ms, body; of --list an object a line', false)
    .action(async (name, options) => {
      const { send } = await import('../send.ts')
      done(await send(name, options))
    })
