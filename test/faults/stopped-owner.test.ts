/** An owner that is stopped and goes on: nobody works beside it, whatever the time. */
import { expect, it } from 'vitest'
import { killedWhileStopped, stoppedAndContinued } from './harness/stopped-owner.ts'
import { describeWith } from './harness/tools.ts'

describeWith(['linux'], 'a process that is stopped', () => {
  it('keeps its file; when it goes on, it has lost nothing', async () => {
    expect(await stoppedAndContinued(300)).toEqual([])
  })

  it('hands its file over to a second one as soon as it is dead', async () => {
    expect(await killedWhileStopped(300)).toEqual([])
  })
})
