/** Owners that are stopped, clocks that are set, releases that follow each other, crashes without end. */
import { leapAtWork, leapBetween, leapsUnderLoad } from '../faults/harness/clock-leaps.ts'
import { crashLoop } from '../faults/harness/crash-loop.ts'
import { between } from '../faults/harness/random.ts'
import { killedInTheStep, nextRelease, rollForward } from '../faults/harness/releases.ts'
import { killedWhileStopped, stoppedAndContinued } from '../faults/harness/stopped-owner.ts'
import { add, most, soak } from './scenario.ts'

soak({
  id: 'F18',
  what: 'an owner that is stopped under load',
  injected: 'SIGSTOP for 1 to 15 s, with a second process that wants the file; then SIGCONT, or SIGKILL',
  held: 'nobody works beside it; continued, it goes on; killed, the second takes over; no event is handled more often than one death explains',
  needs: ['linux'],
  minutes: 1.5,
  async round({ random, number, figures }) {
    const ms = between(random, 1_000, 15_000)
    most(figures, 'longest stop, ms', ms)
    const continued = number % 2 === 0
    add(figures, continued ? 'continued' : 'killed', 1)
    return continued ? stoppedAndContinued(ms) : killedWhileStopped(ms)
  },
})

const DAY = 86_400_000

soak({
  id: 'F19',
  what: 'a wall clock that leaps',
  injected:
    'the clock of the receiver set by up to 400 days either way: while a retry waits, between two processes, there and back under load',
  held: 'no retry waits longer, no delivery is refused, no handler called twice',
  minutes: 1.5,
  async round({ random, number, figures }) {
    const ms = between(random, -400 * DAY, 400 * DAY)
    most(figures, 'longest leap, days', Math.round(Math.abs(ms) / DAY))
    if (number % 3 === 0) await leapAtWork(ms)
    else if (number % 3 === 1) await leapBetween(-Math.abs(ms), random() < 0.5 ? 'killed' : 'closed')
    else await leapsUnderLoad([ms, 0, -ms, DAY, -DAY])
    return []
  },
})

soak({
  id: 'F36',
  what: 'a rolling restart to a release with another schema, and back',
  injected: 'SIGTERM to the old release under load while the new one waits; kill of the new one; start of the old one',
  held: 'no loss; the old release is refused with ERR_INBOX_VERSION, answers 503, and leaves the file as it is',
  minutes: 1,
  round: ({ random }) => rollForward(random, nextRelease()),
})

soak({
  id: 'F36',
  what: 'a kill inside the step to another schema',
  injected: 'SIGKILL at the first, second, … write of the start that makes the step',
  held: 'the old schema or the new one, whole; the next start ends well',
  needs: ['strace'],
  minutes: 1,
  rounds: 1,
  async round({ random, figures }) {
    const { faults, kills } = await killedInTheStep(random, nextRelease(), 40)
    figures.kills = kills
    return faults
  },
})

soak({
  id: 'F37',
  what: 'a crash loop under load',
  injected: 'SIGKILL at a random instant under load, 100 times in a row on one file',
  held: 'nothing acknowledged is lost; no file, claim, note or attempt is left of the crashes; the log stays short',
  minutes: 3,
  rounds: 1,
  async round({ random, figures, isOver }) {
    const { faults, kills, stored, quarantined, halves, end } = await crashLoop(random, 100, isOver)
    const kib = ({ log }: { readonly log: number }) => Math.round(log / 1_024)
    Object.assign(figures, {
      kills,
      'deliveries stored': stored,
      'events in quarantine for three deaths': quarantined,
      'largest log of the first half, KiB': kib(halves[0]),
      'largest log of the second half, KiB': kib(halves[1]),
      'rows of claims and deaths, first half': halves[0].rows,
      'rows of claims and deaths, second half': halves[1].rows,
      'rows of claims and deaths at the end': end.rows,
    })
    return faults
  },
})
