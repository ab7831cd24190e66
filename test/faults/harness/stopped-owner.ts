/** SIGSTOP and SIGCONT on the process that owns the file, under load, with another one waiting for it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { small } from './bodies.ts'
import { freeze } from './disk.ts'
import { endsWell } from './endings.ts'
import { type Running, Site } from './site.ts'

const soon = { retry: { minMs: 1, maxMs: 1 } }

async function stopUnderLoad(site: Site): Promise<{ first: Running; load: Promise<void> }> {
  const first = await site.start(soon)
  const load = first.sender.load(4, small(site.ledger))
  await first.sender.acknowledgements(40)
  await freeze(first.pid)
  return { first, load }
}

/** What is wrong when an owner was stopped for so long, and went on. */
export async function stoppedAndContinued(ms: number): Promise<string[]> {
  const site = new Site()
  const { first, load } = await stopUnderLoad(site)
  const faults: string[] = []
  const second = await site.launch({ ...soon, ownerWaitMs: ms })
  const posted = second.sender.post(site.ledger.add([{}]))
  const { refused } = await second.child.line('refused')
  if (refused !== 'ERR_INBOX_OWNED') faults.push(`the second was refused with ${refused}`)
  if ((await posted).status !== 503) faults.push(`the second answered ${(await posted).status}`)
  const effects = site.effects().length
  await sleep(ms)
  if (site.effects().length !== effects) faults.push('somebody worked while the owner was stopped')
  await second.kill()

  first.child.process.kill('SIGCONT')
  // Connections that were quiet for long are cut by then.
  const more = first.sender.load(4, small(site.ledger))
  await first.sender.acknowledgements(80)
  first.sender.stop()
  await Promise.all([load, more])
  await first.kill()
  await endsWell(site, await site.start(soon))
  return [...faults, ...repeats(site, 1)]
}

/** What is wrong when a stopped owner was killed after so long, with another one waiting. */
export async function killedWhileStopped(ms: number): Promise<string[]> {
  const site = new Site()
  const { first, load } = await stopUnderLoad(site)
  const second = await site.launch(soon)
  await sleep(ms)
  const faults = second.child.lines.some((line) => 'open' in line) ? ['two processes own the file'] : []
  await first.kill()
  await load
  await second.child.line('open')
  await endsWell(site, second)
  return [...faults, ...repeats(site, 1)]
}

/** Events that were handled more often than processes died over them, and once. */
function repeats(site: Site, deaths: number): string[] {
  const calls = new Map<string, number>()
  for (const { id } of site.effects()) calls.set(id, (calls.get(id) ?? 0) + 1)
  return [...calls].filter(([, times]) => times > deaths + 1).map(([id, times]) => `${id} was handled ${times} times`)
}
