/** The script, the style and the mark of the dashboard as one module of texts: no file is read where it runs. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'rolldown'

const ROOT = join(import.meta.dirname, '..')

/** A path: the horn of a postman, and what comes out of it. */
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1d4ed8"/><path d="M6 14h6l10-6v16l-10-6H6z" fill="#fff"/><path d="M25 12a6 6 0 0 1 0 8" fill="none" stroke="#fff" stroke-width="2.5"/></svg>`

export async function renderDashboardAssets(): Promise<string> {
  const [script, style] = [await bundled('src/dashboard/client/main.ts'), await packed('src/dashboard/style.css')]
  const names = { script: named('main', script), style: named('style', style), icon: named('icon', ICON) }
  return [
    '/** Made by `npm run generate` of `client/` and `style.css`. */',
    `export const NAMES = ${JSON.stringify(names)} as const`,
    `export const SCRIPT: string = ${JSON.stringify(script)}`,
    `export const STYLE: string = ${JSON.stringify(style)}`,
    `export const ICON: string = ${JSON.stringify(ICON)}`,
    '',
  ].join('\n')
}

async function bundled(input: string): Promise<string> {
  const { output } = await build({
    cwd: ROOT,
    input,
    platform: 'browser',
    tsconfig: 'tsconfig.build.json',
    output: { format: 'esm', codeSplitting: false, minify: true, comments: false },
    write: false,
  })
  if (output.length !== 1) throw new Error(`${input} is built into ${output.length} files.`)
  return output[0].code.trim()
}

/** Comments and blanks mean nothing to a browser. */
async function packed(path: string): Promise<string> {
  const text = await readFile(join(ROOT, path), 'utf8')
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?([{};,>]) ?/g, '$1')
    .replaceAll(';}', '}')
    .trim()
}

/** What a name stands for never changes, so it may be kept for ever. */
function named(name: string, text: string): string {
  return `${name}-${createHash('sha256').update(text).digest('base64url').slice(0, 12)}`
}
