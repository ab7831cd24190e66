/** What code would be told of a wrong call, in the words of the command line. */
const SAID: ReadonlyArray<readonly [code: RegExp, words: string]> = [
  [/^inbox(?:\.\w+)?: /, ''],
  [/\binbox\.deliveries\b/g, 'ls'],
  [/\binbox\.deadLetters\b/g, 'dead'],
  [/\binbox\.differences\b/g, 'diff'],
  [/\binbox\.(\w+)\b/g, '$1'],
  [/\{ (all: true) \}/g, '$1'],
  [/\b(all|handled|missed|copies): true\b/g, '--$1'],
  [/\{ email: "([^"]+)" \}/g, '$1'],
  [/^(after|missed)\b/, '--$1'],
  [/\b(goes with) to\b/, '$1 --to'],
  [/\boutcome: '(\w+)'/g, 'outcome:$1'],
  [/\b(give since)\b/, '$1:'],
]

export const inOptions = (message: string): string =>
  SAID.reduce((text, [code, words]) => text.replace(code, words), message)
