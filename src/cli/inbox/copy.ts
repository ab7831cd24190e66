/** `posthorn inbox copy` and `migrate`: what is done to a database before receivers use it. */
import { existsSync } from 'node:fs'
import { PosthornError } from '../../errors.ts'
import { copyTo, migrateAt } from '../../inboxes/postgres/copy/index.ts'
import { openForCopy } from '../../inboxes/sqlite/copy/source.ts'
import { Progress } from '../out/progress.ts'
import { say } from '../out/streams.ts'

export interface DatabaseOptions {
  readonly postgres: string
  readonly schema: string
  readonly json: boolean
}

/** @throws ERR_INBOX_OWNED while a receiver has the file, or where the schema has something stored */
export async function copy(options: DatabaseOptions & { readonly inbox: string }): Promise<0> {
  const { inbox: path, postgres: url, schema, json } = options
  if (!existsSync(path)) throw new PosthornError('ERR_INBOX_IO', `There is no inbox at ${path}.`)
  const source = openForCopy(path)
  const progress = new Progress()
  try {
    const copied = await copyTo({ url, schema }, source, (rows) => progress.show(`${rows} rows`))
    progress.end()
    if (json) say(JSON.stringify({ schema, copied }))
    else
      say(
        `${lines(copied)}\nCounted and hashed: what is in the database is what was in ${path}. Start receivers on it, and none on the file.`,
      )
    return 0
  } finally {
    progress.end()
    source.close()
  }
}

const lines = (copied: Readonly<Record<string, number>>) =>
  Object.entries(copied)
    .map(([table, rows]) => `${table}\t${rows}`)
    .join('\n')

export async function migrate({ postgres: url, schema, json }: DatabaseOptions): Promise<0> {
  await migrateAt({ url, schema })
  say(json ? JSON.stringify({ schema }) : `The schema "${schema}" is of this version.`)
  return 0
}
