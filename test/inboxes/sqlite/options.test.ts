import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import { openWith, portOf } from '../inbox-kit.ts'
import { later, newFile } from './kit.ts'

const refused = expect.objectContaining({ code: 'ERR_OPTION', name: 'OptionError' })

function refusal(options: unknown): unknown {
  try {
    // What a caller without types can write.
    return sqlite(options as Parameters<typeof sqlite>[0])
  } catch (error) {
    return error
  }
}

it.each([
  [undefined],
  [{}],
  [{ path: '' }],
  [{ path: '  ' }],
  [{ path: 'a\0b' }],
  [{ path: 7 }],
  [{ path: ':memory:' }],
  [{ path: 'file:x.db?mode=memory' }],
  [{ path: 'x.db', ownerWaitMs: -1 }],
  [{ path: 'x.db', ownerWaitMs: Number.NaN }],
  [{ path: 'x.db', minFreeBytes: '1' }],
  [{ path: 'x.db', minFreeBytes: Number.POSITIVE_INFINITY }],
  [{ path: 'x.db', synchronous: 'off' }],
])('refuses %j at construction', (options) => {
  expect(refusal(options)).toEqual(refused)
})

it('touches no file before it is opened, and keeps to its path when the working directory changes', async () => {
  const path = newFile()
  const before = process.cwd()
  later(() => process.chdir(before))
  process.chdir(path.slice(0, path.lastIndexOf('/')))
  const inbox = sqlite({ path: './inbox.db', minFreeBytes: 0 })
  expect(inbox.kind).toBe('sqlite')
  expect(existsSync(path)).toBe(false)
  process.chdir('/')
  await openWith(portOf(inbox), ['a'])
  later(() => portOf(inbox).close())
  expect(existsSync(path)).toBe(true)
})
