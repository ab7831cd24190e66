/** Options that the commands of `posthorn inbox` share. */
import { Command, Option } from '@commander-js/extra-typings'
import { OptionError } from '../../errors.ts'
import { spanOf } from '../inbox/times.ts'
import { dashboardAddressOf, wholeNumberOf } from '../values.ts'

/** Of every command. */
export const ofInbox = (name: string, summary: string) =>
  new Command(name)
    .summary(summary)
    .option('--inbox <file>', 'the file of the inbox; default: that of the configuration')
    .option('--postgres <url>', 'the inbox in this database, in the place of a file')
    .option('--schema <name>', 'with --postgres: its schema; default: posthorn')
    .option('--config <file>', 'the configuration; default: posthorn.config.ts, .js or .mjs in this folder')
    .option(
      '--sender <source=sender>',
      'the sender of a source, where it cannot be told by what is stored; may be repeated',
      senderOf,
      [],
    )
    .option('--json', 'JSON: one object, or one a line for a list', false)
    .option('--utc', 'times in UTC; default: in the zone of this machine', false)

export const URL_OPTION = () =>
  new Option(
    '--url <dashboard>',
    'the inbox is elsewhere, behind this dashboard; credentials: POSTHORN_DASHBOARD_BASIC=user:password or POSTHORN_DASHBOARD_BEARER in the environment',
  )
    .argParser(dashboardAddressOf)
    .conflicts(['inbox', 'postgres', 'schema', 'config', 'missed'])

/** Of a command that a dashboard cannot stand in for. */
export const NO_URL = (why: string) =>
  new Option('--url <dashboard>').hideHelp().argParser((): never => {
    throw new OptionError(`--url does not go with it, ${why}`)
  })

const FILTERS = `
A filter: ids as they are, source:shop, type:bounced,complained, since:6h, at:02:00..03:30. One that excludes begins with -
and wants quotes: '-bounce:soft since:6h', or --filter. Every key: docs/filters.md.`

export const FILTER = ['[filter...]', 'which, such as handler:warehouse since:6h, or an id'] as const

/** Of those that take a filter, as words or as an option. */
export const ofFilter = (name: string, summary: string) =>
  ofInbox(name, summary)
    .option('--filter <text>', 'the same in one text; goes with words beside it')
    .addHelpText('after', FILTERS)

const LIMIT = ['--limit <n>', 'so many rows, the newest first', wholeNumberOf('--limit', 1, 1e9), 50] as const
const WATCH = [
  '--watch',
  'looks again and again, until Ctrl-C: drawn anew on a terminal, elsewhere what is new as lines of JSON',
  false,
] as const
const EVERY = ['--every <time>', 'with --watch: between two looks; default 2s', spanOf('--every', 10)] as const

/** Of one thing that changes. */
export const ofWatched = (name: string, summary: string) =>
  ofInbox(name, summary)
    .option(...WATCH)
    .option(...EVERY)

/** Of a list that is shown whole. */
export const ofRows = (name: string, summary: string) =>
  ofInbox(name, summary)
    .addOption(columns())
    .option(...WATCH)
    .option(...EVERY)

/** Of what happened, in the order in which it did. */
export const ofTimeline = (name: string, summary: string) => ofFilter(name, summary).addOption(columns())

export const ofLimited = (name: string, summary: string) => ofTimeline(name, summary).option(...LIMIT)

/** Of a list that is shown page by page. */
export const ofList = (name: string, summary: string) =>
  ofLimited(name, summary)
    .addOption(
      new Option('--after <row>', 'goes on behind this row, which the page before ended with').conflicts('watch'),
    )
    .option(...WATCH)
    .option(...EVERY)

const columns = () =>
  new Option('--fields <columns>', 'these columns alone, with commas between them')
    .argParser(fieldsOf)
    .conflicts('json')

function fieldsOf(text: string): readonly string[] {
  return text.split(',').map((field) => field.trim())
}

interface Which {
  readonly filter?: string | undefined
  readonly all?: boolean
  readonly after?: string | undefined
}

/** The filter of a look; without words it says nothing. */
export function filterOf(
  words: readonly string[],
  { filter, all = false, after }: Which,
): { readonly filter?: string; readonly all?: true; readonly after?: string } {
  const text = [...words, ...(filter === undefined ? [] : [filter])].join(' ')
  const place = after === undefined ? {} : { after }
  return { ...(text === '' ? {} : { filter: text }), ...(all ? { all } : {}), ...place }
}

/** The filter of a verb. @throws OptionError where it would be everything, and nobody has said so */
export function whichOf(words: readonly string[], options: Which & { readonly missed?: boolean }) {
  const which = filterOf(words, options)
  if (which.filter !== undefined || which.all || options.missed) return which
  throw new OptionError('say which, such as handler:warehouse since:6h, or an id; --all is everything')
}

/** Which word is a sender is seen when the inbox is opened. */
function senderOf(text: string, before: ReadonlyArray<readonly [string, string]>): Array<readonly [string, string]> {
  const [, name, sender] = /^([a-z0-9][a-z0-9_-]*)=(\w+)$/.exec(text) ?? []
  if (name === undefined || sender === undefined)
    throw new OptionError('--sender must be source=sender, such as shop=momentum')
  return [...before, [name, sender]]
}
