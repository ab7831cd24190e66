/** Two releases on one file: one after the other, back again, and a kill inside the step between them. */
import { cpSync, existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { mixed, small } from './bodies.ts'
import { endsWell } from './endings.ts'
import type { Random } from './random.ts'
import { newFolder, Site } from './site.ts'
import { copyWith, NEXT_RELEASE } from './source-copy.ts'
import { filesOf, tamper } from './strace.ts'

const soon = { retry: { minMs: 1, maxMs: 1 } }

/** A checkout of the release after this one. */
export const nextRelease = (): string => copyWith(NEXT_RELEASE)

/** The same place for another release: what was sent and done goes on. */
const on = (site: Site, root: string) => new Site({ data: site.folder, before: site, root })

export function versionOf(path: string): number {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
  try {
    return Number(db.prepare('PRAGMA user_version').get()?.user_version)
  } finally {
    db.close()
  }
}

/** The old release is told to end, under load, while the new one waits for the file; then the old one is tried again. */
export async function rollForward(random: Random, root: string): Promise<string[]> {
  const site = new Site()
  const old = await site.start({ ...soon, closeMs: 20_000 })
  const load = old.sender.load(4, mixed(site.ledger, random))
  await old.sender.acknowledgements(60)
  const next = await on(site, root).launch(soon)
  // It says that it waits.
  await next.child.line('log')
  const code = await old.end()
  await load
  const said = await Promise.race([next.child.line('open'), next.child.line('refused')])
  if ('refused' in said) return [`the next release was refused: ${said.message}`]
  const faults = code === 0 ? [] : [`the old release ended with ${code}`]
  const ours = versionOf(site.path)
  const more = next.sender.load(4, small(site.ledger))
  await next.sender.acknowledgements(30)
  next.sender.stop()
  await more
  await next.kill()

  const back = await site.launch(soon)
  const { refused, message } = await back.child.line('refused')
  if (refused !== 'ERR_INBOX_VERSION') faults.push(`the old release was refused with ${refused}: ${message}`)
  const refusedPost = site.ledger.add([{}])
  const { status } = await back.sender.post(refusedPost)
  if (status !== 503) faults.push(`the old release answered ${status} on a newer file`)
  await back.kill()
  if (versionOf(site.path) !== ours) faults.push('the old release changed the version')

  const forward = on(site, root)
  await endsWell(forward, await forward.start(soon))
  return faults
}

/** Kills inside the step to the new release, at each write of the file in turn; how many there were. */
export async function killedInTheStep(
  random: Random,
  root: string,
  most: number,
): Promise<{ faults: string[]; kills: number }> {
  const faults: string[] = []
  const first = new Site()
  const old = await first.start({ ...soon, handler: 'none' })
  const next = mixed(first.ledger, random)
  for (let i = 0; i < 20; i++) await old.sender.deliver(next())
  await old.end()
  const before = versionOf(first.path)
  for (let kills = 0; ; kills++) {
    const data = newFolder()
    cpSync(first.path, `${data}/inbox.db`)
    const site = new Site({ data, before: first, root })
    if (kills === most || !(await dies(site, kills + 1))) return { faults, kills }
    const version = versionOf(site.path)
    if (version !== before && version !== before + 1) faults.push(`version ${version} after kill ${kills + 1}`)
    const again = await site.start({ ...soon, handler: 'none' })
    await again.kill()
    faults.push(...(await site.audit()).faults)
  }
}

/** Whether the start on it came to a write of this number, and died of it. */
async function dies(site: Site, when: number): Promise<boolean> {
  // The first process has the lock, so that the second can be found before it opens the file.
  const lock = await holdLock(site.path)
  const running = await site.launch({ ...soon, handler: 'none' })
  const files = filesOf(site.path)
  const tampering = await tamper(running.pid, { calls: 'pwrite64', fault: 'signal=KILL', when: `${when}`, files })
  lock.close()
  const said = await Promise.race([running.child.line('open'), running.child.line('refused')]).catch(() => null)
  if (said !== null && 'refused' in said) throw new Error(`refused: ${said.message}`)
  await tampering.cut()
  await running.kill()
  return said === null
}

async function holdLock(path: string): Promise<DatabaseSync> {
  const db = new DatabaseSync(`${path}-lock`)
  db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  if (!existsSync(path)) throw new Error(`${path} is missing`)
  return db
}
