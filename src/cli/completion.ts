/** `posthorn completion`: what a shell needs to complete commands, options and names of events, made from the commands. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { isWordKey, KEYS, WORD_KEYS } from '../core/filter/keys.ts'
import { say } from './out/streams.ts'

/** Somebody waits for each of these at a key: what is not asked for is not loaded. */
const senders = () => import('../testing/senders.ts')
const known = async (words: readonly string[]) => (await import('./known-names.ts')).knownNames(words)

/** Commands whose first word is the name of an event. */
const OF_EVENTS = ['send']

/** Commands that take the name of a handler, and options that do. */
const OF_HANDLERS = ['pause', 'resume', '--to']
/** Options whose value begins with a source: `--silent shop=30m`. */
const OF_SOURCES = ['--silent', '--sender']

/** What the last of these words may become, sorted; the words are those behind `posthorn`. */
export async function candidates(program: CommandUnknownOpts, given: readonly string[]): Promise<string[]> {
  const words = joined(given)
  const [last = '', ...before] = [...words].reverse()
  let command = program
  for (const word of before.toReversed()) command = command.commands.find((child) => child.name() === word) ?? command
  const found = (await possible(program, command, [...words.slice(0, -1), last])).filter((one) => one.startsWith(last))
  // A shell that ends words at a colon asks for what stands behind it.
  const cut = words.length < given.length ? last.lastIndexOf(':') + 1 : 0
  return found.map((one) => one.slice(cut)).sort()
}

/** Words that bash has cut at their colons are whole again. */
function joined(words: readonly string[]): string[] {
  const whole: string[] = []
  for (const [at, word] of words.entries()) {
    const isRest = word === ':' || words[at - 1] === ':'
    if (isRest && whole.length > 0) whole.push(`${whole.pop()}${word}`)
    else whole.push(word)
  }
  return whole
}

async function possible(
  program: CommandUnknownOpts,
  command: CommandUnknownOpts,
  words: readonly string[],
): Promise<readonly string[]> {
  const [before, last = ''] = words.slice(-2)
  if (OF_HANDLERS.includes(before ?? '')) return (await known(words)).handlers
  if (OF_SOURCES.includes(before ?? '')) return (await known(words)).sources.map((source) => `${source}=`)
  if (last.startsWith('--') || last === '-')
    return [...command.options.flatMap(({ long, hidden }) => (hidden ? [] : (long ?? []))), '--help']
  if (OF_EVENTS.includes(command.name())) return (await senders()).NAMES
  if (command.registeredArguments.some((argument) => argument.name() === 'filter')) return clauses(last, words)
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

/** What a clause of a filter may be: keys, then the words of the key, after each comma. */
async function clauses(last: string, words: readonly string[]): Promise<readonly string[]> {
  const [, not = '', key, before = ''] = /^(-?)(\w+):((?:[^,]*,)*)/.exec(last) ?? []
  if (key === undefined) return KEYS.map((one) => `${last.startsWith('-') ? '-' : ''}${one}:`)
  return (await valuesOf(key, words)).map((value) => `${not}${key}:${before}${value}`)
}

async function valuesOf(key: string, words: readonly string[]): Promise<readonly string[]> {
  if (key === 'source') return (await known(words)).sources
  if (key === 'handler') return (await known(words)).handlers
  if (key === 'name') return (await senders()).NAMES
  if (key === 'type') {
    const { NAMES, senderOf } = await senders()
    return [...new Set(NAMES.flatMap((name) => Object.keys(senderOf(name).samples[name] ?? {})))]
  }
  return (isWordKey(key) ? WORD_KEYS[key] : null) ?? []
}

/** A line each; what a shell asks for. */
export async function printCandidates(program: CommandUnknownOpts, words: readonly string[]): Promise<void> {
  for (const one of await candidates(program, words)) say(one)
}
