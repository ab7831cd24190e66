import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { attackTable } from '../../scripts/attack-table.ts'
import { hosts } from '../contracts/hosts.ts'
import { attacks } from './all.ts'
import { everyId, NOT_TRIED } from './harness/ids.ts'

const text = readFileSync(join(import.meta.dirname, '../../docs/attacks.md'), 'utf8')

/** Numbers in an input come from the lists behind it. */
const rowOf = (id: string, input: string) => `| ${id} | ${input.replaceAll('|', '\\|')} |`

describe('the table of attacks', () => {
  it('has every id once: tried, or with the reason why not', () => {
    const tried = new Set(attacks.map(({ id }) => id))
    expect(everyId.filter((id) => !tried.has(id) && !(id in NOT_TRIED))).toEqual([])
    expect(Object.keys(NOT_TRIED).filter((id) => tried.has(id))).toEqual([])
    expect([...tried].filter((id) => !everyId.includes(id))).toEqual([])
  })

  it('has a line for every attack there is', () => {
    expect(
      attacks.filter(({ id, input }) => !text.includes(rowOf(id, input))).map(({ id, input }) => [id, input]),
    ).toEqual([])
    for (const id of Object.keys(NOT_TRIED)) expect(text).toContain(`\n| ${id} | `)
  })

  it('has no attack twice under one name', () => {
    const names = attacks.map(({ id, input }) => `${id} ${input}`)
    expect(new Set(names).size).toBe(names.length)
  })

  it('shows no attack that failed, and none that was left out', () => {
    expect(text.split('\n').filter((line) => /\| [✗–] /.test(line))).toEqual([])
  })

  it('shows a failure', () => {
    const attack = { id: 'A1', input: 'x', expected: 'y' }
    const assertionResults = hosts.map(({ name }, n) => ({
      status: n === 0 ? 'failed' : 'passed',
      meta: { attack: { ...attack, on: name } },
    }))
    expect(attackTable({ testResults: [{ assertionResults }] })).toContain('| A1 | x | y |  | ✗ | ✓ | ✓ | ✓ | ✓ |')
  })
})
