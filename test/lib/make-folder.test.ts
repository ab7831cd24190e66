import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeFolder } from '../../src/lib/make-folder.ts'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'posthorn-folder-'))
})

afterEach(() => rmSync(root, { recursive: true }))

it('makes what is missing, and answers the topmost that it made', () => {
  expect(makeFolder(join(root, 'a/b/c'), 0o700)).toBe(join(root, 'a'))
  expect(statSync(join(root, 'a/b/c')).isDirectory()).toBe(true)
  if (process.platform !== 'win32') expect(statSync(join(root, 'a')).mode & 0o777).toBe(0o700)
  expect(makeFolder(join(root, 'a/d'))).toBe(join(root, 'a/d'))
})

it('leaves what is there, a link to a folder too', () => {
  symlinkSync(root, join(root, 'link'))
  for (const path of [root, join(root, 'link'), '/', '.']) expect(makeFolder(path)).toBeUndefined()
})

it('fails for a file, and for a link that leads nowhere', () => {
  writeFileSync(join(root, 'file'), '')
  symlinkSync(join(root, 'nothing'), join(root, 'link'))
  for (const path of ['file', 'file/a', 'link', 'link/a']) expect(() => makeFolder(join(root, path)), path).toThrow()
})

it.runIf(existsSync('/proc/self'))('fails where the system takes no folder, as in /proc', () => {
  for (const path of ['/proc/x', '/proc/x/y']) expect(() => makeFolder(path)).toThrow(/ENOENT/)
})
