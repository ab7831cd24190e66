/** The command line as a function: arguments in, exit code out. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { COMMANDS } from './commands/index.ts'
import { complaintOf, type Done, type ExitCode, exitCodeOf, isHelp } from './exit.ts'

/**
 * Runs one command. Data goes to stdout, talk to stderr. A command that stays, such as `demo`, resolves when it listens.
 * Never rejects: an error is a line on stderr, or one JSON object with `--json`.
 */
export async function run(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = 0
  let running = 'posthorn'
  const program = createProgram((ended) => {
    code = ended
  })
  program.hook('preAction', (_, command) => {
    running = nameOf(command)
  })
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : [...args], { from: 'user' })
    return code
  } catch (error) {
    const ended = exitCodeOf(error)
    if (ended !== 0 && !isHelp(error)) process.stderr.write(complaintOf(error, running, args.includes('--json')))
    return ended
  }
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
  return program
}

/** Commands made by themselves inherit nothing. */
function adopt(parent: CommandUnknownOpts, command: CommandUnknownOpts): void {
  command.copyInheritedSettings(parent)
  for (const child of command.commands) adopt(command, child)
  if (!parent.commands.includes(command)) parent.addCommand(command)
}

/** `posthorn inbox ls`. */
function nameOf(command: CommandUnknownOpts): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`
}

/** By the name of the package: this file lies elsewhere when it is built. */
function version(): string {
  const manifest = fileURLToPath(import.meta.resolve('posthorn/package.json'))
  return JSON.parse(readFileSync(manifest, 'utf8')).version
}
