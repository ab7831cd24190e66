import { Command } from '@commander-js/extra-typings'
import { OptionError } from '../../errors.ts'
import type { Done } from '../exit.ts'
import { spanOf as msOf } from '../inbox/times.ts'
import { listOf, numberOf, personOf, wholeNumberOf } from '../values.ts'
import { FILTER, filterOf, NO_URL, ofFilter, ofInbox, ofLimited, URL_OPTION, whichOf } from './inbox-options.ts'

const acting = (name: string, summary: string) =>
  ofFilter(name, summary)
    .option('--yes', 'does it without asking', false)
    .option('--dry-run', 'says what it would do', false)
    .option('--rate <n>', 'at most so many a second', (text: string) => numberOf('--rate', text, 0.001, 1e9))
    .option('--at-most <n>', 'does nothing where more is matched', wholeNumberOf('--at-most', 0, 1e12))
    .addOption(URL_OPTION())
    .addHelpText('after', ASKS)

const ASKS = `
On a terminal it shows what it would do and asks; elsewhere it wants --yes or --dry-run, and ends with 4 without.`

/** Which, as the dashboard takes it. */
function fieldsOf(words: readonly string[], options: Parameters<typeof filterOf>[1]) {
  const { filter, all } = whichOf(words, options)
  return { ...(filter === undefined ? {} : { filter }), ...(all ? { all } : {}) }
}

const retryCommand = (done: Done) =>
  acting('retry', 'tries again what failed: dead letters and quarantine')
    .argument(...FILTER)
    .option('--all', 'everything', false)
    .action(async (words, options) => {
      const { url } = options
      if (url !== undefined) {
        const { actElsewhere } = await import('../inbox/act-elsewhere.ts')
        return done(await actElsewhere('retry', fieldsOf(words, options), { ...options, url }))
      }
      const { retry } = await import('../inbox/verbs.ts')
      done(await retry(whichOf(words, options), options))
    })

const dropCommand = (done: Done) =>
  acting('drop', 'gives up what failed, or what is left of a replay: run:r_…')
    .argument(...FILTER)
    .option('--all', 'everything', false)
    .action(async (words, options) => {
      const { url } = options
      if (url !== undefined) {
        const { actElsewhere } = await import('../inbox/act-elsewhere.ts')
        return done(await actElsewhere('drop', fieldsOf(words, options), { ...options, url }))
      }
      const { drop } = await import('../inbox/verbs.ts')
      done(await drop(whichOf(words, options), options))
    })

const replayCommand = (done: Done) =>
  acting('replay', 'hands out again what was handled, marked as a replay')
    .argument(...FILTER)
    .option('--to <handler>', 'to this handler; may be repeated', listOf)
    .option('--missed', 'with --to: what was settled before it was registered', false)
    .option('--all', 'everything', false)
    .option('--after <delivery>', 'goes on behind this delivery, which a stopped replay has named')
    .action(async (words, { after, ...options }) => {
      const { url } = options
      if (url !== undefined) {
        const { actElsewhere } = await import('../inbox/act-elsewhere.ts')
        return done(
          await actElsewhere(
            'replay',
            {
              ...fieldsOf(words, options),
              ...(options.to === undefined ? {} : { to: options.to }),
              ...(after === undefined ? {} : { after }),
            },
            { ...options, url },
          ),
        )
      }
      const { replay } = await import('../inbox/verbs.ts')
      const { to, missed } = options
      const targets = { ...(to === undefined ? {} : { to }), ...(missed ? { missed } : {}) }
      done(await replay({ ...whichOf(words, options), ...targets }, { ...options, after }))
    })

const reparseCommand = (done: Done) =>
  acting('reparse', 'makes work of what is in quarantine and can be read now')
    .argument(...FILTER)
    .option('--all', 'everything', false)
    .action(async (words, options) => {
      const { url } = options
      if (url !== undefined) {
        const { actElsewhere } = await import('../inbox/act-elsewhere.ts')
        return done(await actElsewhere('reparse', fieldsOf(words, options), { ...options, url }))
      }
      const { reparse } = await import('../inbox/verbs.ts')
      done(await reparse(whichOf(words, options), options))
    })

const eraseCommand = (done: Done) =>
  acting('erase', 'takes a person out of all that is stored')
    .argument('<address>', 'of the person', personOf)
    .argument(...FILTER)
    .option('--copies', 'also removes the copies of damaged logs that may hold the address', false)
    .action(async (email, words, options) => {
      const { url } = options
      if (url !== undefined) {
        const { actElsewhere } = await import('../inbox/act-elsewhere.ts')
        if (filterOf(words, options).filter !== undefined)
          throw new OptionError('with --url erase takes a person whole, without a filter')
        return done(await actElsewhere('erase', { email, copies: options.copies }, { ...options, url }))
      }
      const { erase } = await import('../inbox/verbs.ts')
      done(await erase({ email, ...filterOf(words, options) }, options))
    })

const asking = (name: string, summary: string) =>
  ofInbox(name, summary)
    .option('--yes', 'does it without asking', false)
    .option('--dry-run', 'changes nothing', false)
    .addOption(URL_OPTION())
    .addHelpText('after', ASKS)

const pauseCommand = (done: Done) =>
  asking('pause', 'holds a handler, over restarts, until resume')
    .argument('<handler>', 'its durable name')
    .action(async (handler, options) => {
      const { url } = options
      if (url !== undefined) {
        const { actElsewhere } = await import('../inbox/act-elsewhere.ts')
        return done(await actElsewhere('pause', { filter: handler }, { ...options, url }))
      }
      const { pause } = await import('../inbox/keep.ts')
      done(await pause(handler, options))
    })

const resumeCommand = (done: Done) =>
  asking('resume', 'lets a handler work again')
    .argument('<handler>', 'its durable name')
    .action(async (handler, options) => {
      const { url } = options
      if (url !== undefined) {
        const { actElsewhere } = await import('../inbox/act-elsewhere.ts')
        return done(await actElsewhere('resume', { filter: handler }, { ...options, url }))
      }
      const { resume } = await import('../inbox/keep.ts')
      done(await resume(handler, options))
    })

const pruneCommand = (done: Done) =>
  asking('prune', 'lets go now of what the retention says; otherwise done in the background').action(
    async (options) => {
      const { url } = options
      if (url !== undefined) {
        const { actElsewhere } = await import('../inbox/act-elsewhere.ts')
        return done(await actElsewhere('prune', {}, { ...options, url }))
      }
      const { prune } = await import('../inbox/keep.ts')
      done(await prune(options))
    },
  )

const exportCommand = (done: Done) =>
  ofFilter('export', 'all that is stored of a person: one JSON object a line')
    .addOption(
      NO_URL('as a dashboard hands out no bytes of many deliveries: run it where the inbox is; "person" lists'),
    )
    .argument('<address>', 'of the person', personOf)
    .argument(...FILTER)
    .action(async (email, words, options) => {
      const { exportPerson } = await import('../inbox/keep.ts')
      done(await exportPerson({ email, ...filterOf(words, options) }, options))
    })

const backupCommand = (done: Done) =>
  ofInbox('backup', 'a copy of the inbox as of one moment, while it is in use')
    .addOption(NO_URL('as the copy is made beside the inbox: run it there'))
    .argument('<file>', 'a path where nothing is yet')
    .action(async (file, options) => {
      const { backup } = await import('../inbox/keep.ts')
      done(await backup(file, options))
    })

const checkCommand = (done: Done) =>
  ofInbox('check', 'whether all is well, in one line and as an exit code; for cron and Nagios')
    .description('Ends with 0 when all is well, with 1 when something is not, with 3 when the inbox cannot be opened.')
    .option('--max-age <time>', 'the oldest delivery may wait for so long', msOf('--max-age'), 15 * 60_000)
    .option('--max-pending <n>', 'so many deliveries may wait', wholeNumberOf('--max-pending', 0, 1e12))
    .option('--max-dead <n>', 'so many dead letters there may be', wholeNumberOf('--max-dead', 0, 1e12), 0)
    .option('--max-quarantined <n>', 'and so many rows of quarantine', wholeNumberOf('--max-quarantined', 0, 1e12), 0)
    .option('--silent <source=time>', 'a source may be silent for so long; may be repeated', silentOf, [])
    .addOption(URL_OPTION())
    .action(async (options) => {
      const { url } = options
      if (url !== undefined) {
        const { checkElsewhere } = await import('../inbox/check.ts')
        return done(await checkElsewhere({ ...options, url }))
      }
      const { check } = await import('../inbox/check.ts')
      done(await check(options))
    })

function silentOf(text: string, before: ReadonlyArray<readonly [string, number]>): Array<readonly [string, number]> {
  const at = text.indexOf('=')
  return [...before, [text.slice(0, Math.max(0, at)), msOf('--silent source=')(text.slice(at + 1))]]
}

const diffCommand = (done: Done) =>
  ofLimited('diff', 'what reads otherwise now than it did; of two deliveries, how they differ')
    .addOption(NO_URL('as it reads stored bytes with this release: run it where the inbox is'))
    .description(
      'What is in quarantine and can be read by this release, with --handled also what was handled and reads otherwise; ends with 1 when there is something. Of two deliveries how they differ; ends with 1 when their events do.',
    )
    .argument('[filter...]', 'which, such as source:shop since:6h; or two deliveries')
    .option('--handled', 'looks at what was handled, too; wants since:', false)
    .action(async (words, options) => {
      const { compare, differences } = await import('../inbox/diff.ts')
      const [a, b, ...more] = words
      const isPair = more.length === 0 && [a, b].every((word) => word !== undefined && /^d_[a-z2-7]+$/.test(word))
      if (isPair && a !== undefined && b !== undefined) done(await compare([a, b], options))
      else
        done(await differences({ ...filterOf(words, options), ...(options.handled ? { handled: true } : {}) }, options))
    })

const ofDatabase = (name: string, summary: string) =>
  new Command(name)
    .summary(summary)
    .requiredOption('--postgres <url>', 'the database; a password may be left to PGPASSWORD or ~/.pgpass')
    .option('--schema <name>', 'its schema', 'posthorn')
    .option('--json', 'JSON in the place of text', false)

const copyCommand = (done: Done) =>
  ofDatabase('copy', 'a file, copied into a database where nothing is stored yet')
    .description(
      'Carries all that a SQLite inbox has over into PostgreSQL: what waits, dead letters, quarantine, keys, progress, what is kept. The receiver must be stopped. In one transaction, which ends when all that has arrived was counted and hashed; the file stays as it is.',
    )
    .requiredOption('--inbox <file>', 'the file of the inbox')
    .action(async (options) => {
      const { copy } = await import('../inbox/copy.ts')
      done(await copy(options))
    })

const migrateCommand = (done: Done) =>
  ofDatabase('migrate', 'makes the tables in a database, or brings them to this version')
    .description(
      "What a receiver does at its start, unless it has migrate: 'never'. For a role that may, before others start.",
    )
    .action(async (options) => {
      const { migrate } = await import('../inbox/copy.ts')
      done(await migrate(options))
    })

export const inboxVerbs = [
  ...[diffCommand, retryCommand, replayCommand, reparseCommand, dropCommand, pauseCommand, resumeCommand],
  ...[eraseCommand, pruneCommand, exportCommand, checkCommand, backupCommand, copyCommand, migrateCommand],
]
