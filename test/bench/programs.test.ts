import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'

const bench = join(import.meta.dirname, '../../bench')

it('starts programs that are there', () => {
  const named = globSync('**/*.ts', { cwd: bench }).flatMap((file) =>
    [...readFileSync(join(bench, file), 'utf8').matchAll(/import\.meta\.dirname, '([^']+\.(?:ts|md))'/g)].map(
      ([, path = '']) => join(dirname(join(bench, file)), path),
    ),
  )
  expect(named.length).toBeGreaterThan(4)
  expect(named.filter((path) => !existsSync(path))).toEqual([])
})
