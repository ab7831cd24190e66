import { Command } from '@commander-js/extra-typings'
import type { Done } from '../exit.ts'
import { basicOf, headersOf, listOf, webAddressOf } from '../values.ts'

const TARGET = 'http://localhost:3000/webhooks/shop'

export const conformanceCommand = (done: Done) =>
  new Command('conformance')
    .summary("whether a receiver, in any language, holds what a sender's document asks of it")
    .description(
      'Posts to a running receiver what a sender would, the unusual too, and says which cases it passed. Ends with 0 when no case failed, with 1 when one did, with 3 when nobody listens there. The receiver gets sample events: try one that may have them.',
    )
    .requiredOption('--target <url>', `address of the receiver: ${TARGET}`, webAddressOf('--target', TARGET))
    .requiredOption('--as <sender>', 'momentum, sparkpost, mailjet or esputnik')
    .option('--token <token>', 'credentials: the X-MessageSystems-Webhook-Token header')
    .option('--basic <user:password>', 'credentials: HTTP Basic', basicOf)
    .option('--header <name: value>', 'credentials: a header of your choice; may be repeated', headersOf)
    .option('--only <id>', 'this case alone; may be repeated', listOf)
    .option(
      '--restart <command>',
      'kills the receiver and starts it again; gets POSTHORN_MARKER, and ends with 0 when events with it in their address were handled',
    )
    .option('--json', 'one JSON object: the counts, and every case', false)
    .action(async (options) => {
      const { conformance } = await import('../conformance.ts')
      done(await conformance(options))
    })
