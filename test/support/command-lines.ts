/** Command lines that a document shows, held to what the program itself declares. */
import { OF_ALL } from '../../src/cli/commands/all.ts'
import { COMMANDS } from '../../src/cli/commands/index.ts'
import { parseFilter } from '../../src/core/filter/parse.ts'

interface Shape {
  name(): string
  readonly commands: readonly Shape[]
  readonly args: readonly string[]
  addOption(option: object): void
  action(run: () => void): void
  exitOverride(): void
  configureOutput(options: object): void
  opts(): Readonly<Record<string, unknown>>
  parse(words: readonly string[], options: { readonly from: 'user' }): void
}

/** A command line, as the shell would split it. */
const wordsOf = (line: string) =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare = '']) => double ?? single ?? bare)

/** Does nothing, and throws where it is called wrongly. */
function tamed(command: Shape, ran: (leaf: Shape) => void): void {
  command.exitOverride()
  command.configureOutput({ writeOut: () => {}, writeErr: () => {} })
  for (const option of OF_ALL()) command.addOption(option)
  if (command.commands.length === 0) command.action(() => ran(command))
  for (const one of command.commands) tamed(one, ran)
}

/** What is wrong with a command line, by the declarations of the program itself; null: nothing. */
export function wrongIn(line: string): string | null {
  const [name = '', ...words] = wordsOf(line)
  const command = (COMMANDS.map((create) => create(() => {})) as unknown as Shape[]).find((one) => one.name() === name)
  if (command === undefined) return `there is no ${name}`
  let leaf: Shape | null = null
  tamed(command, (found) => {
    leaf = found
  })
  try {
    command.parse(words, { from: 'user' })
    const filter = (leaf as Shape | null)?.opts().filter
    if (typeof filter === 'string') parseFilter(filter, { at: 'filter', now: Date.now() })
    return leaf === null ? 'it does nothing' : null
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return code === 'commander.helpDisplayed' ? null : message
  }
}
