import { Command, Option } from '@commander-js/extra-typings'
import { OptionError } from '../../errors.ts'
import type { Done } from '../exit.ts'
import { basicOf, headersOf, numberOf, webAddressOf, wholeNumberOf } from '../values.ts'

/** An emulated sender that runs until a signal, or until its messages are through: one sub-command a sender. */
export const emulateCommand = (done: Done) =>
  new Command('emulate')
    .summary('a sender on this machine: its API, its traffic, its retries')
    .description('Runs a sender as its documents describe it, over real HTTP, without any account.')
    .addCommand(momentumCommand(done))
    .addCommand(sparkpostCommand(done))
    .addCommand(mailjetCommand(done))
    .addCommand(esputnikCommand(done))

/** `60x`, or `60`. */
const speedOf = (text: string) => numberOf('--speed', text.replace(/x$/, ''), 0.001, 100_000)

/** What every sender takes. */
const emulator = (name: string, summary: string) =>
  new Command(name)
    .summary(summary)
    .option('--port <port>', 'where its API listens; 0 for any free port', wholeNumberOf('--port', 0, 65_535), 4_000)
    .option('--api-key <key>', 'the key that its API wants', 'key')
    .option('--target <url>', 'creates a webhook for every event to this address', webAddressOf('--target', TARGET))
    .option('--rate <n>', 'messages a second; 0 for none', (text: string) => numberOf('--rate', text, 0, 10_000), 10)
    .option('--messages <n>', 'ends when so many messages are through', wholeNumberOf('--messages', 1, 10_000_000))
    .option('--seed <n>', 'decides the traffic', wholeNumberOf('--seed', 0, 2 ** 32 - 1), 1)
    .option('--speed <factor>', 'how fast its time passes: 60x is a minute a second', speedOf, 1)
    .option('--json', 'the report as one JSON object', false)

/** What senders take that have an API for mails that come in. */
const inboundOption = (what: string) =>
  new Option('--inbound <url>', `creates a ${what} to this address; mails come in at --rate`).argParser(
    webAddressOf('--inbound', INBOUND),
  )

/** What Momentum and SparkPost take beside it. */
const family = (name: string, summary: string) =>
  emulator(name, summary)
    .option('--nodes <n>', 'nodes that post batches of their own', wholeNumberOf('--nodes', 1, 100), 1)
    .addHelpText('after', `\nWithout --target, create webhooks through its API, with Authorization: <key>.`)

const TARGET = 'http://localhost:3000/webhooks/shop'
const INBOUND = 'http://localhost:3000/webhooks/replies'

const momentumCommand = (done: Done) =>
  family('momentum', 'Momentum on premises')
    .option('--token <token>', 'with --target: the X-MessageSystems-Webhook-Token header')
    .option('--webhooks <file>', 'a JSON file of webhooks in the place of the API, as 4.2.31 and later have it')
    .action(async (options) => {
      needTarget(options, ['token'])
      const { emulateFamily } = await import('../emulate.ts')
      if (options.webhooks !== undefined && options.target !== undefined)
        throw new OptionError('--target needs the API that --webhooks replaces; write the target into the file')
      const { webhooks } = options
      done(await emulateFamily('momentum', options, webhooks === undefined ? {} : { webhooks }))
    })

const sparkpostCommand = (done: Done) =>
  family('sparkpost', "SparkPost's cloud, or SparkPost Elite")
    .option('--edition <edition>', 'cloud or elite', editionOf, 'cloud' as const)
    .option('--token <token>', 'with --target: the X-MessageSystems-Webhook-Token header')
    .option('--basic <user:password>', 'with --target: HTTP Basic', basicOf)
    .addOption(inboundOption('relay webhook'))
    .action(async (options) => {
      needTarget(options, options.inbound === undefined ? ['token', 'basic'] : ['basic'])
      const { emulateFamily } = await import('../emulate.ts')
      done(await emulateFamily('sparkpost', options, { edition: options.edition }))
    })

const mailjetCommand = (done: Done) =>
  emulator('mailjet', 'Mailjet')
    .option('--api-secret <secret>', 'the secret key that its API wants', 'secret')
    .option('--basic <user:password>', 'with --target: HTTP Basic', basicOf)
    .addOption(inboundOption('parse route'))
    .option('--grouped', 'with --target: arrays of what happened in a second (Version 2)', false)
    .option('--schedule <year>', 'the retries of the guide of 2015, 2016 or 2019', scheduleOf, '2019' as const)
    .addHelpText('after', `\nWithout --target, create records at /v3/REST/eventcallbackurl, with Basic <key>:<secret>.`)
    .action(async (options) => {
      needTarget(options, options.inbound === undefined ? ['basic', 'grouped'] : ['grouped'])
      const { emulateMailjetHere } = await import('../emulate.ts')
      done(await emulateMailjetHere(options))
    })

const esputnikCommand = (done: Done) =>
  emulator('esputnik', 'eSputnik, now Yespo')
    .option('--basic <user:password>', 'with --target: HTTP Basic', basicOf)
    .option('--header <name: value>', 'with --target: a header of your own; up to five times', headersOf)
    .addHelpText('after', `\nIts API lists activities: GET /api/v2/contacts/activity, with Basic <anybody>:<key>.`)
    .action(async (options) => {
      needTarget(options, ['basic', 'header'])
      const { emulateEsputnikHere } = await import('../emulate.ts')
      done(await emulateEsputnikHere(options))
    })

/** @throws OptionError for an option of the webhook where none is created: it would be without effect */
function needTarget<T extends { readonly target?: string | undefined }>(options: T, names: readonly (keyof T)[]): void {
  const given = names.find((name) => options[name])
  if (options.target === undefined && given !== undefined)
    throw new OptionError(`--${String(given)} needs --target: it is for the webhook that is created there`)
}

function scheduleOf(text: string): '2015' | '2016' | '2019' {
  if (text === '2015' || text === '2016' || text === '2019') return text
  throw new OptionError('--schedule must be 2015, 2016 or 2019')
}

function editionOf(text: string): 'cloud' | 'elite' {
  if (text === 'cloud' || text === 'elite') return text
  throw new OptionError('--edition must be cloud or elite')
}
