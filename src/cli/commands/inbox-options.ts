/** Options that the commands of `posthorn inbox` share. */
import { Command } from '@commander-js/extra-typings'
import { OptionError } from '../../errors.ts'
import { wholeNumberOf } from '../values.ts'

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

const FILTERS = `
A filter: ids as they are, source:shop, type:bounced,complained, since:6h, at:02:00..03:30. One that excludes begins with -
and wants quotes: '-bounce:soft since:6h', or --filter. Every key: docs/filters.md.`

export const FILTER = ['[filter...]', 'which, such as handler:warehouse since:6h, or an id'] as const

/** Of those that take a filter, as words or as an option. */
export const ofFilter = (name: string, summary: string) =>
  ofInbox(name, summary)
    .option('--filter <text>', 'the same in one text; goes with words beside it')
    .addHelpText('after', FILTERS)

export const ofList = (name: string, summary: string) =>
  ofFilter(name, summary).option('--limit <n>', 'so many rows, the newest first', wholeNumberOf('--limit', 1, 1e9), 50)

/** The filter of a verb; without words it says nothing. */
export function filterOf(
  words: readonly string[],
  { filter, all = false }: { readonly filter?: string | undefined; readonly all?: boolean },
): { readonly filter?: string; readonly all?: true } {
  const text = [...words, ...(filter === undefined ? [] : [filter])].join(' ')
  return { ...(text === '' ? {} : { filter: text }), ...(all ? { all } : {}) }
}

/** Which word is a sender is seen when the inbox is opened. */
function senderOf(text: string, before: ReadonlyArray<readonly [string, string]>): Array<readonly [string, string]> {
  const [, name, sender] = /^([a-z0-9][a-z0-9_-]*)=(\w+)$/.exec(text) ?? []
  if (name === undefined || sender === undefined)
    throw new OptionError('--sender must be source=sender, such as shop=momentum')
  return [...before, [name, sender]]
}
