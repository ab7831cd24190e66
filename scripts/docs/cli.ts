/** docs/cli.md: every command as it is declared, with its examples. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { COMMANDS } from '../../src/cli/commands/index.ts'
import { CLI_SCHEMAS, fileOf } from '../schema/cli.ts'
import { EXAMPLES } from './cli-examples.ts'
import { code, sections, table } from './markdown.ts'

const INTRO = `# The command line

\`npx posthorn <command>\`: data goes to stdout, talk to stderr. On a terminal a list is a table that fits it; into a pipe or
a file it is a row a line, its fields whole and with tabs between them. With \`--json\` it is JSON: one object, or one a line
for a list, each of the schema that its section names; an error is an object on stderr (\`schemas/cli/error.json\`). Colours
are off where \`NO_COLOR\` is set, and where nobody looks. In text addresses are redacted; JSON has them whole.

This page is generated from the commands; every example on it is run by a test.

## The inbox that is meant

\`posthorn inbox\`, \`forward\` and \`doctor\` look into the file of \`--inbox\`, the database of \`--postgres\`, or the inbox of \`posthorn.config.ts\`
(\`--config\`). They open it beside the server that owns it, make none where there is none, and never take it from its owner:
what they change is carried out by the owner, or where no process has the file open by the command itself. Of a file alone,
the sender of each source is told by what is stored; \`--sender shop=momentum\` says it where it cannot be told.

Which deliveries, events or failures are meant is said by a [filter](filters.md): \`source:shop type:bounced since:6h\`.

## Every command

\`--quiet\` leaves out all talk, \`-v\` has more of it, each log line and the stack of an error, and \`--no-color\` is as
\`NO_COLOR\`.

\`--watch\` looks again every two seconds (\`--every 500ms\`), until Ctrl-C or SIGTERM, and ends with 0. On a terminal what is
seen is drawn anew; elsewhere, and with \`--json\`, each thing that is new or has changed is a line of JSON, the oldest first, of
the schema that \`--json\` has. A list that was cut ends with the line that goes on: \`--after d_…\`.

\`--fields\` chooses the columns of a list by their heads, also those that a narrow terminal leaves out: \`--fields event,who\`
(\`last-delivery\` for one of two words).

## What changes something

\`retry\`, \`replay\`, \`reparse\`, \`drop\`, \`pause\`, \`resume\`, \`erase\` and \`prune\` change nothing without a word: on a terminal
they show what they would do and ask; elsewhere they want \`--yes\` or \`--dry-run\`, and end with 4 without. \`--at-most\`
does nothing where more is matched.

## Exit codes

| code | meaning |
|---|---|
| 0 | done; an empty list too |
| 1 | the answer is no: an answer that is not 200, a finding, nothing of it could be done, no such thing |
| 2 | called wrongly |
| 3 | cannot reach or open: no file, locked, another release's, the network |
| 4 | refused: credentials, a confirmation is missing |
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
  const options = command.options.map(({ flags, description, defaultValue, mandatory }) => [
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
