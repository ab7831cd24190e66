import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** Node 22.18 and 24.0 bind no value to a numbered parameter: "column index out of range". */
const NUMBERED = /\?\d/

test('no statement has numbered parameters', () => {
  const root = new URL('../../../src/inboxes/sqlite/', import.meta.url)
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  expect(files).toContain('file/db/sql.ts')
  expect(files.filter((name) => NUMBERED.test(readFileSync(new URL(name, root), 'utf8')))).toEqual([])
})
