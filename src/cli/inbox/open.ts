/** The inbox that a command looks into: opened for control, beside whoever owns it. */
import { existsSync } from 'node:fs'
import { unauthenticated } from '../../auth/index.ts'
import { createReceiver } from '../../core/receiver.ts'
import { OptionError, PosthornError } from '../../errors.ts'
import { postgres } from '../../inboxes/postgres/index.ts'
import { sqlite } from '../../inboxes/sqlite/index.ts'
import { port } from '../../lib/symbols.ts'
import type { Inbox } from '../../ports/inbox/index.ts'
import type { Records } from '../../ports/inbox/records.ts'
import type { Source } from '../../ports/provider.ts'
import type { PosthornConfig } from '../../public/config.ts'
import type { InboxControl } from '../../public/inbox.ts'
import type { AnyEvent, LogFacts } from '../../types.ts'
import { configOf } from '../config-file.ts'
import { isVerbose, tell } from '../out/streams.ts'
import { untilSignal } from '../signals.ts'
import { sourcesIn } from './find-sources.ts'
import { senderOf, sourceOf } from './senders.ts'

/** What every command of `posthorn inbox` takes. */
export interface InboxOptions {
  readonly inbox?: string | undefined
  readonly postgres?: string | undefined
  readonly schema?: string | undefined
  readonly config?: string | undefined
  readonly sender?: ReadonlyArray<readonly [source: string, sender: string]> | undefined
}

export interface OpenInbox {
  readonly control: InboxControl
  /** What the control does not tell. */
  readonly records: Records
  /** The sender of each source that is known; of what others have stored nothing can be read. */
  readonly sources: Readonly<Record<string, Source<AnyEvent>>>
  /** Whether the settings of the application are known, such as its retention. */
  readonly isConfigured: boolean
  /** Fires at the first SIGINT or SIGTERM. */
  readonly stop: AbortSignal
}

/**
 * Opens the inbox of `--inbox` or `--postgres`, or of the configuration, for as long as the work takes. Never makes one, and never takes
 * it from its owner.
 * @throws ERR_INBOX_IO when there is none, OptionError when none is named
 */
export async function withInbox<const T>(options: InboxOptions, work: (opened: OpenInbox) => Promise<T>): Promise<T> {
  const { inbox, sources, retention, isConfigured } = await partsOf(options)
  const receiver = createReceiver({ inbox, sources: orNone(sources), logger, role: 'control', ...retention })
  try {
    await receiver.start()
    return await untilSignal((stop) =>
      work({ control: receiver.inbox, records: inbox[port].records, sources, isConfigured, stop }),
    )
  } finally {
    await receiver.close({ timeoutMs: 0 })
  }
}

interface Parts extends Pick<PosthornConfig, 'inbox' | 'sources'> {
  readonly retention: Pick<PosthornConfig, 'retention'>
  readonly isConfigured: boolean
}

async function partsOf(options: InboxOptions): Promise<Parts> {
  const { config, sender = [] } = options
  const given = Object.fromEntries(sender.map(([source, word]) => [source, sourceOf(senderOf(word))]))
  const named = namedBy(options)
  if (named === null || config !== undefined) {
    const { inbox, sources, retention } = await configOf(config)
    const settings = retention === undefined ? {} : { retention }
    return { inbox: named?.() ?? inbox, sources: { ...sources, ...given }, retention: settings, isConfigured: true }
  }
  const inbox = named()
  const found = Object.entries(await sourcesIn(inbox)).map(([name, sender]) => [name, sourceOf(sender)])
  return { inbox, sources: { ...Object.fromEntries(found), ...given }, retention: {}, isConfigured: false }
}

/** null: no option names one. */
function namedBy({ inbox: path, postgres: url, schema }: InboxOptions): (() => Inbox) | null {
  if (path !== undefined && url !== undefined) throw new OptionError('--inbox and --postgres are two inboxes: name one')
  if (url === undefined && schema !== undefined) throw new OptionError('--schema goes with --postgres')
  if (url !== undefined) return () => databaseAt(url, schema)
  return path === undefined ? null : () => fileAt(path)
}

/** Makes no tables: a URL that was misspelt must not become an inbox. How durable the server is concerns those who store. */
const databaseAt = (connectionString: string, schema = 'posthorn') =>
  postgres({ connectionString, schema, migrate: 'never', durability: 'relaxed' })

/** @throws ERR_INBOX_IO when nothing is there: a path that was misspelt must not become an inbox */
export function fileAt(path: string) {
  if (!existsSync(path)) throw new PosthornError('ERR_INBOX_IO', `There is no inbox at ${path}.`)
  return sqlite({ path, ownerWaitMs: 0 })
}

/** A receiver has at least one source; this one is of an inbox in which nothing was ever stored. */
function orNone(sources: Record<string, Source<AnyEvent>>): Record<string, Source<AnyEvent>> {
  return Object.keys(sources).length > 0 ? sources : { none: sourceOf('momentum', unauthenticated()) }
}

/** Of the start only what concerns the file: the rest is for commands to show, or for -v. */
function write({ event }: LogFacts, message: string): void {
  if (event.startsWith('inbox.') || isVerbose()) tell(message)
}

const logger = {
  info: (_: LogFacts, message: string) => void (isVerbose() && tell(message)),
  warn: write,
  error: write,
}
