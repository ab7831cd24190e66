/** A PostgreSQL server of our own for peers that need one: thrown away with the run, on a socket of its own. */
import { execFileSync, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Postgres {
  readonly url: string
  end(): Promise<void>
}

/** The newest on this machine; null where there is none. */
export function findPostgres(): string | null {
  const found = globSync('/usr/lib/postgresql/*/bin/initdb').sort().at(-1)
  if (found === undefined || (process.getuid?.() === 0 && unprivileged() === null)) return null
  return dirname(found)
}

/** `folder` must be empty. Durable as it comes: fsync and synchronous_commit are on by default. */
export async function startPostgres(bin: string, folder: string): Promise<Postgres> {
  const user = process.getuid?.() === 0 ? unprivileged() : null
  const as: SpawnOptions = { stdio: 'ignore', cwd: folder, ...user }
  // The server refuses root; the folders above are open to whoever knows their name.
  if (user !== null) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  execFileSync(join(bin, 'initdb'), ['-D', data, '-A', 'trust', '-U', 'bench', '-E', 'UTF8', '--locale=C'], as)
  const server = spawn(join(bin, 'postgres'), ['-D', data, '-k', folder, '-c', 'listen_addresses='], as)
  while (spawnSync(join(bin, 'pg_isready'), ['-h', folder]).status !== 0) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL ended with ${server.exitCode}`)
    await sleep(50)
  }
  const end = async () => {
    server.kill('SIGINT')
    await once(server, 'exit')
  }
  return { url: `postgres://bench@/postgres?host=${encodeURIComponent(folder)}`, end }
}

/** The account that Debian's package makes; null where it is not. */
function unprivileged(): { readonly uid: number; readonly gid: number } | null {
  if (!existsSync('/etc/passwd')) return null
  const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, 'postgres']).stdout.toString().trim())
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : null
}
