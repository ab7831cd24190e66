/** The Node that runs this, and its SQLite. */
import { type Finding, ill, well } from './finding.ts'

/** First releases of each line without known holes in the HTTP parser and zlib: docs/operations.md names the same. */
const SAFE_NODES: ReadonlyArray<readonly [major: number, minor: number, patch: number]> = [
  [22, 23, 2],
  [24, 18, 1],
  [26, 5, 1],
]
/** First release without the WAL-reset bug (sqlite.org/wal.html, "The WAL-Reset Bug", Mar 2026). */
const SOUND_SQLITE = [3, 51, 3] as const

export function machine(versions: NodeJS.ProcessVersions = process.versions, openFiles = openFileLimit()): Finding[] {
  return [node(versions.node), sqlite(versions.sqlite ?? '0'), ...(openFiles === null ? [] : [files(openFiles)])]
}

/** Each sender's connection is one, and so is each file of the inbox. */
const FEW_FILES = 1_024

function files(limit: number): Finding {
  const what = `at most ${Number.isFinite(limit) ? limit : 'so many as there are'} open files and connections`
  if (limit > FEW_FILES) return well('open_files', what)
  const why =
    'past it no connection of a sender is taken; a shell has the limit of its own, and a service that of its unit'
  return ill('open_files', what, why, 'ulimit -n 65536; in a unit of systemd: LimitNOFILE=65536')
}

/** Of this process; null where the system has none. */
function openFileLimit(): number | null {
  if (process.platform === 'win32') return null
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: number | string } } }
  const soft = userLimits?.open_files?.soft
  return soft === undefined ? null : soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
}

function node(version: string): Finding {
  const [major = 0] = numbersOf(version)
  const safe = SAFE_NODES.find(([line]) => line === major) ?? SAFE_NODES.at(-1)
  if (safe === undefined || !isOlder(numbersOf(version), safe)) return well('node', `Node ${version}`)
  const wanted = safe.join('.')
  const why = `releases before ${wanted} have known holes in their HTTP parser and zlib`
  return ill('node', `Node ${version}`, why, `install Node ${wanted} or newer`)
}

function sqlite(version: string): Finding {
  if (!isOlder(numbersOf(version), SOUND_SQLITE)) return well('sqlite', `SQLite ${version}`)
  const why = 'a known bug of this release can damage the file under load'
  return ill('sqlite', `SQLite ${version}`, why, 'install Node 22.23.2, 24.18.1 or 26.5.1, or newer')
}

const numbersOf = (version: string) => version.split(/[.-]/, 3).map(Number)

function isOlder(version: readonly number[], than: readonly number[]): boolean {
  const at = than.findIndex((part, index) => (version[index] ?? 0) !== part)
  return at >= 0 && (version[at] ?? 0) < (than[at] ?? 0)
}
