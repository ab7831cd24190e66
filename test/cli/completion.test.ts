import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newFolder, seeded, typed } from './inbox-file.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')
function canRun(shell: string): boolean {
  try {
    execFileSync(shell, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const completed = async (...words: string[]) =>
  (await typed(['complete', '--', ...words])).out.split('\n').filter(Boolean)

describe('posthorn completion', () => {
  it('knows commands, their options, and the names of events', async () => {
    expect(await completed('in')).toEqual(['inbox'])
    expect(await completed('')).toEqual(expect.arrayContaining(['demo', 'doctor', 'forward', 'inbox', 'send', 'serve']))
    expect(await completed('')).not.toContain('complete')
    expect(await completed('inbox', 're')).toEqual(['reparse', 'replay', 'resume', 'retry'])
    expect(await completed('inbox', 'dead', '--g')).toEqual(['--group'])
    expect(await completed('send', 'momentum.bo')).toEqual(['momentum.bounce'])
    expect(await completed('inbox', 'nonsense', 'x')).toEqual([])
  })

  it('knows the keys and words of filters, and the names in the inbox', async () => {
    const { path } = await seeded()
    const inbox = ['inbox', 'ls', '--inbox', path]
    expect(await completed('inbox', 'ls', 'so')).toEqual(['source:'])
    expect(await completed('inbox', 'events', '-bounce:s')).toEqual(['-bounce:soft'])
    expect(await completed('inbox', 'events', 'type:bounced,compl')).toEqual(['type:bounced,complained'])
    expect(await completed('inbox', 'events', 'name:momentum.bo')).toEqual(['name:momentum.bounce'])
    expect(await completed(...inbox, 'source:')).toEqual(['source:news', 'source:shop'])
    expect(await completed(...inbox, 'handler:su')).toEqual(['handler:suppress'])
    expect(await completed('inbox', 'pause', '--inbox', path, '--yes', 'pause', 'w')).toEqual(['warehouse'])
    expect(await completed('inbox', 'replay', '--inbox', path, '--to', '')).toEqual(['suppress', 'warehouse'])
    expect(await completed('inbox', 'check', '--inbox', path, '--silent', 's')).toEqual(['shop='])
    // As bash cuts it.
    expect(await completed(...inbox, 'handler', ':', 'su')).toEqual(['suppress'])
    expect(await completed('inbox', 'ls', '--inbox', '/nowhere.db', 'source:')).toEqual([])
  })

  it('refuses a shell that it has nothing for', async () => {
    expect(await typed(['completion', 'tcsh'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('bash, zsh, fish'),
    })
    for (const shell of ['bash', 'zsh', 'fish']) expect(await typed(['completion', shell])).toMatchObject({ code: 0 })
  })

  it.skipIf(process.platform === 'win32').each([
    ['bash', 'COMP_WORDS=(posthorn inbox qu) COMP_CWORD=2\n_posthorn\necho $COMPREPLY'],
    ['zsh', 'compadd() { print -l -- $found }\nwords=(posthorn inbox qu) CURRENT=3\n_posthorn'],
    ['fish', 'complete -C "posthorn inbox qu"'],
  ])('completes in %s, where it is installed', async (shell, ask) => {
    if (!canRun(shell)) return
    const folder = newFolder()
    const program = join(folder, 'posthorn')
    writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`)
    chmodSync(program, 0o755)
    const before = shell === 'zsh' ? 'compdef() {}\n' : ''
    const script = `${before}${(await typed(['completion', shell])).out}\n${ask}`
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` }
    expect(execFileSync(shell, ['-c', script], { env, encoding: 'utf8' }).trim()).toBe('quarantine')
  })
})
