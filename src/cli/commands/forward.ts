import type { Done } from '../exit.ts'
import { basicOf, dashboardAddressOf, headersOf, webAddressOf, wholeNumberOf } from '../values.ts'
import { FILTER, filterOf, ofFilter } from './inbox-options.ts'

const LOCAL = 'http://localhost:3000/webhooks/shop'

export const forwardCommand = (done: Done) =>
  ofFilter('forward', 'what an inbox has received, posted to a server here, in order')
    .description(
      'Posts the deliveries of an inbox to another server: the bytes as they came, one at a time, in their order. How far it has come is kept in a file, and moves on only when the server has answered 2xx: killed, or asleep, it goes on where it was. Runs until a signal. Ends with 5 when deliveries were passed over.',
    )
    .argument(...FILTER)
    .requiredOption('--to <url>', `address of the server: ${LOCAL}`, webAddressOf('--to', LOCAL))
    .option(
      '--url <dashboard>',
      'the inbox is elsewhere, behind this dashboard; credentials: POSTHORN_DASHBOARD_BASIC=user:password or POSTHORN_DASHBOARD_BEARER in the environment',
      dashboardAddressOf,
    )
    .option('--raw', 'with --url: bytes as they are; default: stand-ins in the place of addresses', false)
    .option('--from <place>', 'where it begins the first time: now, start, since:1h, or the id of a delivery', 'now')
    .option('--name <name>', 'of what keeps how far it has come; default: made of --to')
    .option('--reset', 'forgets how far it has come, and begins at --from', false)
    .option('--once', 'ends when all is posted', false)
    .option(
      '--skip-after <n>',
      'passes a delivery over that was refused so often',
      wholeNumberOf('--skip-after', 1, 1e6),
    )
    .option('--token <token>', 'credentials: the X-MessageSystems-Webhook-Token header')
    .option('--basic <user:password>', 'credentials: HTTP Basic', basicOf)
    .option('--bearer <token>', 'credentials: Authorization: Bearer')
    .option('--header <name: value>', 'a header of your choice; may be repeated', headersOf)
    .action(async (words, options) => {
      const { forward } = await import('../forward/forward.ts')
      done(await forward({ ...options, filter: filterOf(words, { filter: options.filter }) }))
    })
