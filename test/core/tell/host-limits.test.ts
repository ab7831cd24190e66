import { describe, expect, it } from 'vitest'
import { createNotices } from '../../../src/core/base/notices.ts'
import { hostLimitsLine } from '../../../src/core/tell/host-limits.ts'
import type { HostLimits } from '../../../src/ports/host.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { rememberingLogger } from '../../support/log.ts'

function told(limits: HostLimits, bodyMs = 30_000) {
  const logger = rememberingLogger()
  hostLimitsLine(createNotices(logger, new FakeClock()), limits, bodyMs)
  return logger.lines.map(({ level, message }) => `${level}: ${message}`)
}

describe('the time limits of the server', () => {
  it('are worth a warning when there is none', () => {
    expect(told({ requestTimeout: 0, headersTimeout: 60_000 })).toEqual([
      expect.stringMatching(/^warn: .*requestTimeout/),
    ])
    expect(told({ requestTimeout: 0, headersTimeout: 0 })).toEqual([expect.stringMatching(/headersTimeout too$/)])
  })

  it('are worth a warning when they end before ours', () => {
    expect(told({ requestTimeout: 29_999 })).toEqual([expect.stringMatching(/^warn: .*before limits\.bodyMs/)])
  })

  it.each([[{ requestTimeout: 300_000 }], [{ requestTimeout: 30_000 }], [{}]])(
    'are passed over otherwise: %j',
    (limits) => {
      expect(told(limits)).toEqual([])
    },
  )
})
