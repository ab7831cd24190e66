/** The command line as a function: arguments in, exit code out. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { OF_ALL } from './commands/all.ts'
import { COMMANDS, HIDDEN } from './commands/index.ts'
import { complaintOf, type Done, type ExitCode, exitCodeOf, isHelp } from './exit.ts'
import { isVerbose, talkAs } from './out/streams.ts'
import { version } from './version.ts'

/**
 * Runs one command. Data goes to stdout, talk to stderr. A command that stays, such as `demo`, resolves when it has ended.
 * Never rejects: an error is a line on stderr, or one JSON object with `--json`.
 */
export async function run(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = 0
  const program = createProgram((ended) => {
    code = ended
  })
  program.hook('preAction', (_, command) => {
    const { quiet = false, verbose = false, color = true }: Partial<Talking> = command.opts()
    talkAs({ quiet, verbose })
    if (!color) withoutColours()
  })
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : [...args], { from: 'user' })
    return code
  } catch (error) {
    const ended = exitCodeOf(error)
    if (ended !== 0 && !isHelp(error)) {
      process.stderr.write(complaintOf(error, nameOf(commandOf(program, args)), args.includes('--json')))
      if (isVerbose() && error instanceof Error) process.stderr.write(`${error.stack}\n`)
    }
    return ended
  }
}

/** What was typed counts for more than FORCE_COLOR. */
function withoutColours(): void {
  process.env.NO_COLOR = '1'
  delete process.env.FORCE_COLOR
}

interface Talking {
  readonly quiet: boolean
  readonly verbose: boolean
  readonly color: boolean
}

function createProgram(done: Done): CommandUnknownOpts {
  const program: CommandUnknownOpts = new Command('posthorn')
    .description('Receives the event webhooks of Momentum, SparkPost, Mailjet and eSputnik.')
    .version(version())
    .exitOverride()
    // Errors of usage are written like all others.
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError()
  for (const create of COMMANDS) adopt(program, create(done))
  for (const create of HIDDEN) adopt(program, create(done), true)
  return program
}

/** Commands made by themselves inherit nothing. */
function adopt(parent: CommandUnknownOpts, command: CommandUnknownOpts, hidden = false): void {
  command.copyInheritedSettings(parent)
  for (const child of command.commands) adopt(command, child)
  if (command.commands.length === 0 && !hidden) for (const option of OF_ALL()) command.addOption(option)
  if (!parent.commands.includes(command)) parent.addCommand(command, { hidden })
}

/** The command that was meant: names come before options. */
function commandOf(program: CommandUnknownOpts, [word, ...others]: readonly string[]): CommandUnknownOpts {
  const command = program.commands.find((one) => one.name() === word)
  return command === undefined ? program : commandOf(command, others)
}

/** `posthorn inbox ls`. */
function nameOf(command: CommandUnknownOpts): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`
}
