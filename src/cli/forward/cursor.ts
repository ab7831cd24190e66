/** How far a forward has come: a file in the state folder of the user, one for each name. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { OptionError } from '../../errors.ts'
import { isObject } from '../../lib/guards.ts'
import { makeFolder } from '../../lib/make-folder.ts'

export interface Place {
  /** The last delivery that was taken, by its place in the log; 0: none. */
  readonly seq: number
  /** Its id, which tells that it is the same inbox; null for none. */
  readonly id: string | null
}

export class Cursor {
  readonly path: string

  /** @throws OptionError for a name that is no file name */
  constructor(name: string) {
    if (!/^[\w.-]{1,100}$/.test(name)) throw new OptionError('--name must be letters, digits, dots, _ and -')
    const state = process.env.XDG_STATE_HOME || join(homedir(), '.local/state')
    this.path = join(state, 'posthorn', 'forward', `${name}.json`)
  }

  /** null: nothing was forwarded under this name. @throws OptionError for a file that is no cursor */
  read(): Place | null {
    const text = textAt(this.path)
    if (text === null) return null
    const { seq, id } = fieldsOf(text)
    if (!Number.isSafeInteger(seq) || !(typeof id === 'string' || id === null))
      throw new OptionError(`${this.path} is no cursor: remove it, or choose another --name`)
    return { seq: Number(seq), id: id as string | null }
  }

  /** On stable storage when it returns; whole at any moment. */
  write({ seq, id }: Place): void {
    makeFolder(dirname(this.path), 0o700)
    const next = `${this.path}.${process.pid}`
    writeFileSync(next, `${JSON.stringify({ seq, id })}\n`, { mode: 0o600, flush: true })
    renameSync(next, this.path)
  }
}

/** `localhost-3000-webhooks-shop`: the name of a cursor where none is given. */
export function nameOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
    .replaceAll(/[^\w.]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 100)
}

function textAt(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function fieldsOf(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text)
    return isObject(parsed) ? parsed : {}
  } catch {
    return {}
  }
}
