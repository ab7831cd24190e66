/** `posthorn completion`: what a shell needs to complete commands, options and names of events, made from the commands. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { NAMES } from '../testing/senders.ts'
import { say } from './out/streams.ts'

/** Commands whose first word is the name of an event. */
const OF_EVENTS = ['send']

/** What the last of these words may become, sorted; the words are those behind `posthorn`. */
export function candidates(program: CommandUnknownOpts, words: readonly string[]): string[] {
  const [last = '', ...before] = [...words].reverse()
  let command = program
  for (const word of before.reverse()) command = command.commands.find((child) => child.name() === word) ?? command
  return possible(program, command, last)
    .filter((one) => one.startsWith(last))
    .sort()
}

function possible(program: CommandUnknownOpts, command: CommandUnknownOpts, last: string): readonly string[] {
  if (last.startsWith('-')) return [...command.options.flatMap(({ long }) => long ?? []), '--help']
  if (OF_EVENTS.includes(command.name())) return NAMES
  const names = command
    .createHelp()
    .visibleCommands(command)
    .map((child) => child.name())
  return command === program ? names : names.filter((name) => name !== 'help')
}

const SCRIPTS = {
  bash: `_posthorn() {
  local IFS=$'\\n'
  COMPREPLY=($(posthorn complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _posthorn posthorn`,
  zsh: `_posthorn() {
  local -a found
  found=(\${(f)"$(posthorn complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  (( \${#found} )) && compadd -a found || _files
}
compdef _posthorn posthorn`,
  fish: `complete -c posthorn -a '(posthorn complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'`,
} as const

export function printScript(shell: keyof typeof SCRIPTS): void {
  say(SCRIPTS[shell])
}

/** A line each; what a shell asks for. */
export function printCandidates(program: CommandUnknownOpts, words: readonly string[]): void {
  for (const one of candidates(program, words)) say(one)
}
