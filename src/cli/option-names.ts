/** What code would be told of a wrong call, in the words of the command line. */
const SAID: ReadonlyArray<readonly [code: RegExp, words: string]> = [
  [/^inbox(?:\.\w+)?: /, ''],
  // Not within a path: a file may be called inbox.backup.
  [/(?<![\w./-])inbox\.deliveries\b/g, 'ls'],
  [/(?<![\w./-])inbox\.deadLetters\b/g, 'dead'],
  [/(?<![\w./-])inbox\.differences\b/g, 'diff'],
  [
    /(?<![\w./-])inbox\.(events|quarantine|message|person|export|retry|replay|reparse|drop|erase|prune|backup)\b/g,
    '$1',
  ],
  [/\{ (all: true) \}/g, '$1'],
  [/\b(all|handled|missed|copies): true\b/g, '--$1'],
  [/\{ email: "([^"]+)" \}/g, '$1'],
  [/^(after|missed|to)\b/, '--$1'],
  [/\b(goes with) to\b/, '$1 --to'],
  [/\boutcome: '(\w+)'/g, 'outcome:$1'],
  [/\b(give since)\b/, '$1:'],
]

export const inOptions = (message: string): string =>
  SAID.reduce((text, [code, words]) => text.replace(code, words), message)
