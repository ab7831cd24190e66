/** Names for completion: of what an inbox has, or a configuration. */
import { port } from '../lib/symbols.ts'
import type { Inbox } from '../ports/inbox/index.ts'
import { configOf } from './config-file.ts'
import { namesIn, opened } from './inbox/find-sources.ts'
import { fileAt } from './inbox/open.ts'

export interface KnownNames {
  readonly sources: readonly string[]
  readonly handlers: readonly string[]
}

const NONE: KnownNames = { sources: [], handlers: [] }

/** Of the inbox that the words name, or the configuration; none where there is neither: nobody is told why. */
export async function knownNames(words: readonly string[]): Promise<KnownNames> {
  const optionOf = (option: string) => words[words.indexOf(option) + 1 || words.length]
  try {
    const path = optionOf('--inbox')
    if (path !== undefined) return await stored(fileAt(path))
    const { inbox, sources } = await configOf(optionOf('--config'))
    const { handlers } = await stored(inbox).catch(() => NONE)
    return { sources: Object.keys(sources), handlers }
  } catch {
    return NONE
  }
}

const stored = (inbox: Inbox): Promise<KnownNames> =>
  opened(inbox, async () => {
    const { records } = inbox[port]
    const handlers = await records.handlers()
    return { sources: [...(await namesIn(records))], handlers: handlers.map(({ name }) => name) }
  })
