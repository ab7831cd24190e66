/** Faults put into a copy of the source: a suite that does not notice them would not notice our own either. */
import { afterAll, expect, it } from 'vitest'
import { SCENARIOS } from './harness/scenarios.ts'
import { copyWith, MUTANTS } from './harness/source-copy.ts'
import { describeWith } from './harness/tools.ts'

const table: readonly { mutant: keyof typeof MUTANTS; scenario: keyof typeof SCENARIOS; fault: string }[] = [
  { mutant: 'acknowledged before the commit', scenario: 'locked and killed', fault: 'acknowledged and not stored' },
  { mutant: 'a failed commit acknowledged', scenario: 'locked and killed', fault: 'acknowledged and not stored' },
  { mutant: 'settled before the handler ends', scenario: 'stopped in the handler', fault: 'ended nowhere' },
  { mutant: 'settled when claimed', scenario: 'stopped in the handler', fault: 'ended nowhere' },
  {
    mutant: 'claims of the dead forgotten',
    scenario: 'killed in the handler, and started again',
    fault: 'left waiting',
  },
  { mutant: 'forgotten when a handler fails', scenario: 'a handler that fails for good', fault: 'ended nowhere' },
  { mutant: 'id without the hash', scenario: 'one batch id, other bytes', fault: 'stored with other bytes' },
  { mutant: 'no dedupe', scenario: 'the same twice', fault: 'stored twice' },
  { mutant: 'stored as text', scenario: 'bytes that JSON could write otherwise', fault: 'stored with other bytes' },
  { mutant: 'no note before a dangerous call', scenario: 'an event that kills', fault: 'never came through' },
  { mutant: 'two owners', scenario: 'started twice', fault: 'two processes own the file' },
]

describeWith(['long'], 'mutants: a receiver', () => {
  const found: string[] = []
  afterAll(() => {
    if (found.length > 0) process.stderr.write(`mutants\n${found.join('\n')}\n`)
  })

  it.each([...new Set(table.map(({ scenario }) => scenario))])('as it is passes "%s"', async (scenario) => {
    expect(await SCENARIOS[scenario](undefined)).toEqual([])
  })

  it.each(table)('with the fault "$mutant" is caught by "$scenario"', async ({ mutant, scenario, fault }) => {
    const faults = await SCENARIOS[scenario](copyWith(MUTANTS[mutant]))
    found.push(`  ${mutant} | ${scenario} | ${faults.join('; ') || 'NOT CAUGHT'}`)
    expect(faults.join('\n')).toContain(fault)
  })
})
