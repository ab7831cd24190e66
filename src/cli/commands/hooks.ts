import { Command } from '@commander-js/extra-typings'
import type { Done } from '../exit.ts'

const KEYS = `
Keys are read from the environment: SPARKPOST_API_KEY (and SPARKPOST_BASE_URL, of another region or of Momentum),
MAILJET_API_KEY and MAILJET_API_SECRET (and MAILJET_BASE_URL).`

/** The webhooks at the senders: as they are, beside those that a file defines. */
export const hooksCommand = (done: Done) =>
  new Command('hooks')
    .summary('webhooks at the senders: what is there, what is wanted, and making it so')
    .description("Compares the webhooks at the senders with those that a file defines, through the senders' own APIs.")
    .addHelpText('after', KEYS)
    .addCommand(lsCommand(done))
    .addCommand(planCommand(done))
    .addCommand(applyCommand(done))
    .addCommand(testCommand(done))
    .addCommand(rotateCommand(done))
    .addCommand(driftCommand(done))

/** What every command takes that reads the file. */
const defined = (name: string) =>
  new Command(name)
    .option('--file <file>', 'the definitions; default: posthorn.hooks.ts, .js, .mjs or .json in this folder')
    .option('--json', 'one JSON object', false)
    .addHelpText('after', KEYS)

const lsCommand = (done: Done) =>
  new Command('ls')
    .summary('what is there, at every sender whose keys are in the environment')
    .option('--json', 'one JSON object', false)
    .addHelpText('after', KEYS)
    .action(async (options) => {
      const { list } = await import('../hooks.ts')
      done(await list(options))
    })

const planCommand = (done: Done) =>
  defined('plan')
    .summary('what would change; ends with 1 when something would')
    .action(async (options) => {
      const { plan } = await import('../hooks.ts')
      done(await plan(options))
    })

const applyCommand = (done: Done) =>
  defined('apply')
    .summary('makes it so; ends with 5 when a part of it failed, with 1 when all of it did')
    .option('--delete-unknown', 'deletes webhooks that the file does not define; they are left alone otherwise', false)
    .action(async (options) => {
      const { apply } = await import('../hooks.ts')
      done(await apply(options))
    })

const testCommand = (done: Done) =>
  defined('test')
    .summary('a test post to each target; ends with 1 when one does not answer 200')
    .action(async (options) => {
      const { test } = await import('../hooks.ts')
      done(await test(options))
    })

const rotateCommand = (done: Done) =>
  defined('rotate')
    .summary('gives a hook another token or password, once its target takes both')
    .description(
      'Posts a test to the target with the secret that the file defines, one with the new secret, and gives the sender the new one when both are answered 200; else ends with 1 and changes nothing.',
    )
    .argument('<hook>', 'name of the hook in the file')
    .requiredOption('--to-env <name>', 'the environment variable that has the new secret')
    .action(async (hook, options) => {
      const { rotate } = await import('../hooks.ts')
      done(await rotate(hook, options))
    })

const driftCommand = (done: Done) =>
  new Command('drift')
    .summary("what SparkPost's documentation of its events has that this version does not know; ends with 1 then")
    .option('--json', 'one JSON object', false)
    .addHelpText('after', KEYS)
    .action(async (options) => {
      const { drift } = await import('../hooks.ts')
      done(await drift(options))
    })
