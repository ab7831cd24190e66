import { OptionError } from '../../errors.ts'
import type { Done } from '../exit.ts'
import { basicOf, headersOf, webAddressOf } from '../values.ts'
import { ofInbox } from './inbox-options.ts'

const PUBLIC = 'https://hooks.example.com/webhooks/shop'

export const doctorCommand = (done: Done) =>
  ofInbox('doctor', 'what keeps a receiver from its work, each with the line that mends it')
    .description(
      'Looks at Node, and with --inbox at the file, its disk and what it holds, with --config, or a configuration in this folder, at the secrets too, with --url at the address as senders see it, through the proxy in front. Changes nothing; with --url it posts two batches without an event. Ends with 1 when something is to be mended.',
    )
    .option('--deep', 'reads the whole file for damage', false)
    .option('--url <url>', `address of a source: ${PUBLIC}`, webAddressOf('--url', PUBLIC))
    .option('--size <size>', 'of the batch that is posted: 12MB, 500kB', sizeOf, 12_000_000)
    .option('--token <token>', 'credentials: the X-MessageSystems-Webhook-Token header')
    .option('--basic <user:password>', 'credentials: HTTP Basic', basicOf)
    .option('--bearer <token>', 'credentials: Authorization: Bearer')
    .option('--header <name: value>', 'a header of your choice; may be repeated', headersOf)
    .action(async (options) => {
      const { doctor } = await import('../doctor/doctor.ts')
      done(await doctor(options))
    })

const UNITS: Readonly<Record<string, number>> = { kB: 1e3, MB: 1e6 }

function sizeOf(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})(kB|MB)$/.exec(text) ?? []
  const bytes = Number(count) * (UNITS[unit] ?? 0)
  if (bytes >= 1_000 && bytes <= 256e6) return bytes
  throw new OptionError('--size must be a size such as 12MB or 500kB, from 1kB to 256MB')
}
