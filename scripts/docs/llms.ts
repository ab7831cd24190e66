/** `llms.txt`: every page with its title and how it begins, for programs that read documentation. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/** `pages` are those that are made at the same time: what is on the disk of them may be older. */
export async function renderLlms(pages: ReadonlyMap<string, string>): Promise<string> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
  const names = await readdir(join(ROOT, 'docs'), { recursive: true })
  const paths = names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name.replaceAll('\\', '/')}`)
  const guides = paths.filter((path) => !path.startsWith('docs/reference/')).sort()
  const lines = await Promise.all(
    guides.map(async (path) => {
      const text = pages.get(path) ?? (await readFile(join(ROOT, path), 'utf8'))
      return `- [${titleOf(text)}](${path}): ${beginningOf(text)}`
    }),
  )
  return [
    `# Posthorn\n\n> ${beginningOf(readme)}`,
    '[README.md](README.md) has whole programs for Express and Fastify.',
    `## Guides\n\n${lines.join('\n')}`,
    '## Reference\n\n- [Every export](docs/reference/README.md)\n- [Changelog](CHANGELOG.md)\n',
  ].join('\n\n')
}

const titleOf = (text: string): string => /^# (.*)$/m.exec(text)?.[1] ?? ''

/** The first sentence of the first paragraph, without links. */
function beginningOf(text: string): string {
  const paragraphs = text
    .replaceAll(/```[\s\S]*?```|<!--[\s\S]*?-->/g, '')
    .split(/\n{2,}/)
    .map((part) => part.trim())
  const prose = paragraphs.find((part) => /^[\p{L}`*[]/u.test(part)) ?? ''
  const plain = prose.replaceAll(/\s+/g, ' ').replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1')
  return /^.*?[.:](?= |$)/.exec(plain)?.[0].replace(/:$/, '.') ?? plain
}
