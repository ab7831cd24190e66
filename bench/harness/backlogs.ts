/** Inboxes with many deliveries that nobody has handled, made once a run. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants, copyFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from './context.ts'

const FILL = join(import.meta.dirname, '../fill/fill.ts')

const made = new WeakMap<Context, Map<string, Promise<string>>>()

/**
 * A folder with a copy of an inbox of so many Momentum deliveries of so many events each, for the caller alone. Where
 * the file system shares blocks, the copy costs nothing; elsewhere the time to write it, which is less than to make it.
 */
export async function backlogOf(context: Context, deliveries: number, events: number): Promise<string> {
  const folders = made.get(context) ?? new Map<string, Promise<string>>()
  made.set(context, folders)
  const key = `${deliveries} × ${events}`
  const original = folders.get(key) ?? fill(context, deliveries, events)
  folders.set(key, original)
  const copy = context.newFolder()
  copyFileSync(join(await original, 'inbox.db'), join(copy, 'inbox.db'), constants.COPYFILE_FICLONE)
  return copy
}

async function fill(context: Context, deliveries: number, events: number): Promise<string> {
  const folder = context.newFolder()
  const began = performance.now()
  const args = [FILL, folder, String(deliveries), context.body('momentum', events).file]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`the backlog of ${deliveries} × ${events} events could not be made`)
  const seconds = Math.round((performance.now() - began) / 1_000)
  const size = Math.round(statSync(join(folder, 'inbox.db')).size / 2 ** 20)
  context.log(`  backlog of ${deliveries} × ${events} events: stored in ${seconds} s, ${size} MiB`)
  return folder
}
