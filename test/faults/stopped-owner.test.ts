/** An owner that is stopped and goes on: nobody works beside it, whatever the time. */
import { expect, it } from 'vitest'
import { killedWhileStopped, stoppedAndContinued } from './harness/stopped-owner.ts'

it('nobody takes the file of a process that is stopped; when it goes on, it has lost nothing', async () => {
  expect(await stoppedAndContinued(300)).toEqual([])
})

it('a second process takes over from a stopped one as soon as that is dead', async () => {
  expect(await killedWhileStopped(300)).toEqual([])
})
