import { expect, it } from 'vitest'
import type { Found } from '../../src/alerts/rules.ts'
import { Told } from '../../src/alerts/told.ts'

const HOUR = 3_600_000

it('a finding that was to wake somebody stays so until its end', () => {
  const told = new Told()
  const found = (severity: Found['severity']): Found => ({ id: 'repeats_storm', about: 'shop', severity, text: '' })
  const tell = (all: readonly Found[], now: number) =>
    told.due(all, now).map((finding) => {
      told.told(finding, now)
      return `${finding.severity} ${finding.state}`
    })
  expect(tell([found('look')], 0)).toEqual(['look begun'])
  expect(tell([found('act')], 1)).toEqual(['act begun'])
  expect(tell([found('look')], 2)).toEqual([])
  expect(tell([found('look')], HOUR + 1)).toEqual(['act goes_on'])
  expect(tell([], HOUR + 2)).toEqual(['act ended'])
})
