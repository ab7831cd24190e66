/** Calls to the disk that kill or fail, and files that were damaged. */
import { DAMAGES, faultsOf, flipAnywhere, leave, startOn } from '../faults/harness/damage.ts'
import { endsWell } from '../faults/harness/endings.ts'
import { oneCallFails } from '../faults/harness/failing-calls.ts'
import { Site } from '../faults/harness/site.ts'
import { tamper } from '../faults/harness/strace.ts'
import { add, type Figures, type Round, soak } from './scenario.ts'

/** Those of any kind, and the kinds of an accept each by itself: threads count for themselves. */
const CALLS = [
  'all',
  'pwrite64',
  'fsync,fdatasync',
  'read,pread64,recvfrom',
  'write,writev,sendmsg,sendto',
  'futex',
  'epoll_wait,epoll_pwait',
] as const

soak({
  id: 'F3',
  what: 'a kill at the system calls of an accept, each in turn',
  injected:
    'SIGKILL when a thread comes to its first, second, … system call since the receiver was ready, until the 200 is out; then the same for reads, writes, syncs and waits alone',
  held: 'all of the delivery is stored or nothing of it; the repeat ends well',
  needs: ['strace'],
  minutes: 3,
  rounds: 1,
  async round({ figures, isOver }) {
    const faults: string[] = []
    for (const calls of CALLS) {
      if (isOver()) figures['left out'] = `${figures['left out'] ?? ''} ${calls}`.trim()
      else faults.push(...(await killedAtEach(calls, figures, isOver)))
    }
    return faults
  },
})

async function killedAtEach(calls: string, figures: Figures, isOver: () => boolean): Promise<string[]> {
  const faults: string[] = []
  for (let [when, answered] = [1, 0]; answered < 2 && !isOver(); when++) {
    const { status, wrong } = await killedAt(calls, when)
    faults.push(...wrong)
    // The calls of a thread do not come in the same order each time; the last ones are tried more than once.
    answered = status === 200 ? answered + 1 : 0
    add(figures, status === 200 ? 'acknowledged' : 'killed before the 200', 1)
  }
  return faults
}

async function killedAt(calls: string, when: number): Promise<{ status: number; wrong: string[] }> {
  const site = new Site()
  const running = await site.start()
  const sent = site.ledger.add([{ pad: 'x'.repeat(5_000) }, {}])
  await tamper(running.pid, { calls, fault: 'signal=KILL', when: `${when}`, files: [] })
  const { status } = await running.sender.post(sent)
  await running.kill()
  const { faults } = await site.audit()
  if (when % 5 === 0) await endsWell(site, await site.start())
  return { status, wrong: faults.map((fault) => `at call ${when} (${calls}): ${fault}`) }
}

soak({
  id: 'F6',
  what: 'a write that fails, each in turn',
  injected: 'EIO at the first, second, … write of any thread to the database or its log, ten deliveries each',
  held: 'no 200 for it; the inbox opens its file again, is ready again, and everything is delivered and handled',
  needs: ['strace'],
  minutes: 3,
  rounds: 1,
  async round({ figures, isOver }) {
    for (let n = 1; !isOver(); n++) {
      const failed = await oneCallFails({ calls: 'pwrite64', fault: 'error=EIO', when: `${n}` })
      figures['came to the last write'] = failed === 0 ? 'yes' : 'no'
      if (failed === 0) break
      add(figures, 'writes', 1)
    }
    return []
  },
})

soak({
  id: 'F13',
  what: 'a file that was damaged while nobody had it open',
  injected: 'bits, pages, cuts and strangers, by position; every other round one bit anywhere in the database',
  held: 'damage at every position is found and said; no handler gets bytes that nobody sent; no process dies of it',
  minutes: 3,
  round: async (round) => (round.number % 2 === 0 ? damagedByClass(round) : flippedAnywhere(round)),
})

async function damagedByClass({ random, number, figures }: Round): Promise<string[]> {
  const damage = DAMAGES[(number / 2) % DAMAGES.length] ?? DAMAGES[0]
  if (damage === undefined) return []
  const site = await leave(damage.left, random)
  damage.apply(site.path, random)
  add(figures, `by position, ${damage.found.startsWith('ERR') ? 'refused' : damage.found}`, 1)
  return faultsOf(damage, await startOn(site)).map((fault) => `${damage.name}: ${fault}`)
}

/** Rows and indexes have no checksum: what a bit in them does is told in the figures. */
async function flippedAnywhere({ random, figures }: Round): Promise<string[]> {
  const site = await leave('closed', random)
  flipAnywhere(site.path, random)
  const { refused, known, gone, lost, altered } = await startOn(site)
  const ended = refused !== null ? 'refused' : known > 0 ? 'quarantine' : gone + lost > 0 ? 'UNSEEN' : 'no effect'
  add(figures, `one bit, ${ended}`, 1)
  return altered > 0 ? [`${altered} calls with what nobody sent`] : []
}
