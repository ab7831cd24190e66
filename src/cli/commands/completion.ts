import { Argument, Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Done } from '../exit.ts'

const INSTALL = `
To install it: posthorn completion bash >> ~/.bashrc, posthorn completion zsh >> ~/.zshrc (behind compinit), or
posthorn completion fish > ~/.config/fish/completions/posthorn.fish.`

export const completionCommand = (done: Done) =>
  new Command('completion')
    .summary('completes commands, options, filters and names in your shell')
    .description('Writes what the shell has to read to complete the commands of posthorn.')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(['bash', 'zsh', 'fish'] as const))
    .addHelpText('after', INSTALL)
    .action(async (shell) => {
      const { printScript } = await import('../completion.ts')
      printScript(shell)
      done(0)
    })

/** What those scripts call. */
export const completeCommand = (done: Done) =>
  new Command('complete').argument('[words...]', 'what stands behind posthorn').action(async (words, _, command) => {
    const { printCandidates } = await import('../completion.ts')
    await printCandidates(rootOf(command), words)
    done(0)
  })

function rootOf(command: CommandUnknownOpts): CommandUnknownOpts {
  return command.parent === null ? command : rootOf(command.parent)
}
