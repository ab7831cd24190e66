/** docs/cli.md: every command as it is declared, with its examples. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { COMMANDS } from '../../src/cli/commands/index.ts'
import { CLI_SCHEMAS, fileOf } from '../schema/cli.ts'
import { EXAMPLES } from './cli-examples.ts'
import { code, sections, table } from './markdown.ts'

const INTRO = `# The command line

\`npx posthorn <command>\` writes data to stdout, and messages to stderr. On a terminal, a list is a table that fits the
width: what is too long for its last column continues below. In a pipe or a file, each row is one line, with complete
fields and tabs between them. With \`--json\`, the data is JSON: one object, or for a list one object on each line, of the
schema that the section of the command names. An error is then an object on stderr (\`schemas/cli/error.json\`). Colours are off if \`NO_COLOR\` is set, and if the output is not a
terminal. Text output redacts e-mail addresses; JSON has them complete.

This page is generated from the commands. A test runs every example on it.

## The configuration

\`posthorn serve\` runs what \`posthorn.config.ts\` in the current folder says, in a package of \`"type": "module"\`;
\`posthorn.config.mjs\` works in any package. The fields are the [options of \`createReceiver\`](options.md#receiveroptions);
\`setup\` registers the handlers, and \`serve\` says [where it listens](options.md#serveoptions):

\`\`\`ts
// posthorn.config.ts
import { defineConfig } from 'posthorn'
import { token } from 'posthorn/auth'
import { momentum } from 'posthorn/momentum'
import { sqlite } from 'posthorn/sqlite'

export default defineConfig({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: { shop: momentum({ auth: token({ env: 'MOMENTUM_TOKEN' }) }) },
  setup: (receiver) => {
    receiver.on('effect.suppress', { name: 'suppress' }, async (event) => console.log('no more mail to', event.email))
  },
  serve: { port: 3000 },
})
\`\`\`

## The inbox that is meant

\`posthorn inbox\`, \`forward\` and \`doctor\` use the file of \`--inbox\`, the database of \`--postgres\`, or the inbox of
\`posthorn.config.ts\` (\`--config\`). They open it while the server that owns it runs. They do not create an inbox, and never
take it from its owner. The owner carries out the changes that they ask for; if no process has the file open, the command
does so itself. With only a file, the command finds the sender of each source by the stored deliveries; where it cannot,
\`--sender shop=momentum\` names it. \`doctor --url\` by itself looks at the address alone.

If the receiver runs on another machine, most commands of \`posthorn inbox\` use its [dashboard](dashboard.md) with
\`--url https://ops.example/ops\`. The credentials are in \`POSTHORN_DASHBOARD_BASIC\` or \`POSTHORN_DASHBOARD_BEARER\` of the
environment. The dashboard decides what is shown, masked and allowed. A time without a zone is in the time zone of this
machine. Text output is the same as with a file, as far as the dashboard knows it; \`stats\` also names the findings.
\`--json\` gives the rows of the view (\`schemas/dashboard\`), and for \`stats\` its frame with the findings; \`check\` gives the
same as with a file. \`export\`, \`diff\` and \`backup\` do not work with \`--url\`, because a dashboard does not give out what they need.

A [filter](filters.md) selects deliveries, events or failures: \`source:shop type:bounced since:6h\`.

## Every command

\`--quiet\` omits all messages. \`-v\` writes more of them: each log line, and the stack of an error. \`--no-color\` does the same
as \`NO_COLOR\`.

\`--watch\` repeats the query every two seconds (\`--every 500ms\`) until Ctrl-C or SIGTERM, and ends with 0. On a terminal it
draws the result again. Elsewhere, and with \`--json\`, it writes one line of JSON for each item that is new or has changed,
oldest first, of the same schema as \`--json\`. In a pipe it also ends with 0 when its reader ends (where \`tail\` of GNU is
not installed, with the first line after that). A list that was cut ends with the option that continues it: \`--after d_…\`.

\`--fields\` chooses the columns of a list by their headings, also those that a narrow terminal omits: \`--fields event,who\`. A
heading of two words is written with a hyphen: \`last-delivery\`.

## What changes something

\`retry\`, \`replay\`, \`reparse\`, \`drop\`, \`pause\`, \`resume\`, \`erase\` and \`prune\` change nothing without a confirmation. On a
terminal they show what they would do, and ask. Elsewhere they need \`--yes\` or \`--dry-run\`, and end with 4 without either.
With \`--at-most\`, they change nothing if more items match. The number that they showed is also a limit: if more items match
by then, they ask again.

## Exit codes

| code | meaning |
|---|---|
| 0 | done; an empty list too |
| 1 | the answer is no: an answer that is not 200, a finding, nothing could be done, nothing found |
| 2 | wrong arguments |
| 3 | cannot reach or open: no file, a locked file, a file of another release, the network |
| 4 | refused: wrong credentials, or a confirmation is missing |
| 5 | partly done |
| 130 | interrupted; what is done stays done |`

export function renderCli(): string {
  const commands = COMMANDS.map((create): CommandUnknownOpts => create(() => {}))
  return sections(INTRO, ...commands.flatMap((command) => sectionsOf(command, '')))
}

/** Every command that can be called, by its words. */
export function commandNames(): string[] {
  const named = (command: CommandUnknownOpts, before: string): string[] => {
    const name = `${before}${command.name()}`
    return command.commands.length === 0 ? [name] : command.commands.flatMap((child) => named(child, `${name} `))
  }
  return COMMANDS.flatMap((create) =>
    named(
      create(() => {}),
      '',
    ),
  )
}

function sectionsOf(command: CommandUnknownOpts, before: string): string[] {
  const name = `${before}${command.name()}`
  if (command.commands.length > 0)
    return [
      `## posthorn ${name}\n\n${command.description()}`,
      ...command.commands.flatMap((child) => sectionsOf(child, `${name} `)),
    ]
  return [sectionOf(command, name, before === '' ? '##' : '###')]
}

function sectionOf(command: CommandUnknownOpts, name: string, mark: string): string {
  const schema = CLI_SCHEMAS[name] === undefined ? '' : `\n\nWith \`--json\`: \`schemas/${fileOf(name)}\`.`
  const args = command.registeredArguments.map((argument) => {
    const { required, variadic, description } = argument
    const word = argument.name()
    const dots = variadic ? '…' : ''
    return [code(required ? `<${word}>${dots}` : `[${word}]${dots}`), description]
  })
  const options = command.options
    .filter(({ hidden }) => !hidden)
    .map(({ flags, description, defaultValue, mandatory }) => [
      code(flags),
      `${description}${mandatory ? '; required' : ''}${defaultText(defaultValue)}`,
    ])
  const lines = (EXAMPLES[name] ?? []).map(({ line }) => line).join('\n')
  const what = command.description() || `${upper(command.summary())}.`
  return `${mark} posthorn ${name}\n\n${what}${schema}\n\n\`\`\`sh\n${lines}\n\`\`\`\n\n${table(['option', 'meaning'], [...args, ...options])}`
}

const upper = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`

function defaultText(value: unknown): string {
  if (value === undefined || value === false || (Array.isArray(value) && value.length === 0)) return ''
  return `; default ${String(value)}`
}
