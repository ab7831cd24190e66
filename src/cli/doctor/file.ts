/** The file of an inbox, and the disk it lies on. */

import { existsSync, statfsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { codeOf } from '../../lib/code-of.ts'
import { loadSqlite } from '../../lib/load-sqlite.ts'
import { bytesText } from '../out/format.ts'
import { type Finding, ill, well } from './finding.ts'
import { syncedWrites } from './synced-writes.ts'

const MB = 1_000_000
/** SQLite's log grows to this under load, and then begins anew; beyond it only while somebody reads an old state. */
const ORDINARY_LOG = 40 * MB
const SYNCS = 50
/** A sender waits for some seconds: Momentum for 6 to 10. */
const SLOW_MS = 500

export function file(path: string, deep: boolean): Finding[] {
  const at = resolve(path)
  const folder = dirname(at)
  return [mode(at), owner(at), lock(at), log(at), free(folder), syncs(folder), ...(deep ? [content(at)] : [])]
}

/** The first start makes it, with its folder: the disk is that of the nearest folder that is there. */
export function fileToCome(path: string): Finding[] {
  let folder = dirname(path)
  while (!existsSync(folder)) folder = dirname(folder)
  return [well('file', `${path} is not there yet: the first start makes it`), free(folder), syncs(folder)]
}

function mode(path: string): Finding {
  const { mode, uid, size } = statSync(path)
  const what = `${path}: ${bytesText(size)}, mode ${(mode & 0o777).toString(8)}, user ${uid}`
  if ((mode & 0o077) === 0) return well('file', what)
  return ill('file', what, 'others of this machine can read what it holds of people', `chmod 600 ${path}*`)
}

/** A command that ran as another user leaves files beside it that the receiver cannot write. */
function owner(path: string): Finding {
  const { uid, gid } = statSync(path)
  const others = ['-wal', '-shm', '-lock'].filter((end) => {
    const beside = statSync(`${path}${end}`, { throwIfNoEntry: false })
    return beside !== undefined && beside.uid !== uid
  })
  if (others.length === 0) return well('owner', `its files belong to user ${uid}`)
  const what = `${others.join(', ')} beside it belong to another user than ${uid}`
  return ill('owner', what, 'the receiver cannot write them, and answers 503', `chown ${uid}:${gid} ${path}*`)
}

/** Whoever has the inbox open holds a lock on the file beside it. */
function lock(path: string): Finding {
  const isOpen = existsSync(`${path}-lock`) && isLocked(`${path}-lock`)
  return well('lock', isOpen ? 'a process has it open' : 'no process has it open: nothing is stored or handled')
}

function isLocked(path: string): boolean {
  const db = new (loadSqlite().DatabaseSync)(path, { readOnly: true, timeout: 0 })
  try {
    db.prepare('SELECT 1 FROM sqlite_schema').all()
    return false
  } catch (error) {
    // SQLITE_BUSY
    if (isBusy(error)) return true
    throw error
  } finally {
    db.close()
  }
}

const isBusy = (error: unknown) => (error as { errcode?: number }).errcode === 5

function log(path: string): Finding {
  const bytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  const what = `its log: ${bytesText(bytes)}`
  if (bytes <= ORDINARY_LOG) return well('log', what)
  const why = 'some process reads an old state of the file, and keeps the log from beginning anew'
  return ill('log', what, why, `lsof ${path}`)
}

function free(folder: string): Finding {
  const { bavail, blocks, bsize } = statfsSync(folder)
  const [left, all] = [bavail * bsize, blocks * bsize]
  const what = `${bytesText(left)} of ${bytesText(all)} free`
  if (left >= 0.1 * all && left >= 256 * MB) return well('disk', what)
  const why = 'a full disk answers 503: senders keep their deliveries, for as long as they repeat'
  return ill('disk', what, why, `posthorn inbox prune --config posthorn.config.ts; du -sh ${folder}`)
}

function syncs(folder: string): Finding {
  const measured = measuredIn(folder)
  if (typeof measured === 'string') {
    const why = 'whoever has the inbox open writes its log and its lock beside it'
    return ill('syncs', `nothing can be written beside it: ${measured}`, why, `ls -ld ${folder}; df ${folder}`)
  }
  const { p50Ms, maxMs } = measured
  const what = `synced writes: ${p50Ms} ms, the slowest of ${SYNCS} ${maxMs} ms`
  if (maxMs < SLOW_MS) return well('syncs', what)
  const why = 'each acknowledgement waits for one, and senders give up after some seconds'
  return ill('syncs', what, why, 'move the inbox to a local SSD: sqlite({ path }); posthorn bench-disk compares')
}

/** Or the code of what keeps one from writing there. */
function measuredIn(folder: string) {
  try {
    return syncedWrites(folder, SYNCS, 4_096)
  } catch (error) {
    return codeOf(error)
  }
}

function content(path: string): Finding {
  const db = new (loadSqlite().DatabaseSync)(path, { readOnly: true })
  try {
    const rows = db.prepare('PRAGMA quick_check(1)').all()
    const told = String(Object.values(rows[0] ?? {})[0])
    if (told === 'ok') return well('content', 'its content is sound')
    return ill('content', told, 'the file is damaged', 'restore a backup: docs/backup.md')
  } finally {
    db.close()
  }
}
