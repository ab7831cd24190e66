/** Markdown, as far as the documents need it. */

/** A table; cells may hold any text but line breaks. */
export function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** Code, also where it has a backtick in it. */
export const code = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``)

export const codes = (words: Iterable<string>): string => [...words].map(code).join(' ')

export const sections = (...parts: readonly string[]): string => `${parts.join('\n\n')}\n`
