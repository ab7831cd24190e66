import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { unauthenticated } from 'posthorn/auth'
import { esputnik } from 'posthorn/esputnik'
import { mailjet } from 'posthorn/mailjet'
import { momentum } from 'posthorn/momentum'
import { describe, expect, it } from 'vitest'
import type { Source } from '../../src/ports/provider.ts'
import type { AnyEvent } from '../../src/types.ts'
import { readBody } from './bodies.ts'
import { ODD } from './odd.ts'

const folder = join(import.meta.dirname, 'odd')
const auth = unauthenticated()
const SOURCES: Readonly<Record<string, Source<AnyEvent>>> = {
  momentum: momentum({ auth }),
  mailjet: mailjet({ auth }),
  esputnik: esputnik({ auth, timeZone: 'Europe/Kyiv' }),
}

const bodyOf = (file: string) => readFileSync(join(folder, `${file}.body`))
const readOdd = (file: string) => readBody(SOURCES[file.split('-')[0] ?? '']!, bodyOf(file))

/** What is the matter in one of these bodies: not the fields that all events have, nor the payload. */
function shown(one: ReturnType<typeof readBody>[number]): object {
  if ('unreadable' in one) return one
  const { id: _, provider: _p, category: _c, source: _s, run: _r, receivedAt: _a, payload: _w, ...event } = one
  const { delivery: _d, isReplay: _i, transmissionId: _t, lateMs: _l, ...rest } = event
  return rest
}

describe('what senders really sent', () => {
  it('is told of every body there is', () => {
    const bodies = readdirSync(folder).filter((name) => name.endsWith('.body'))
    expect(bodies.sort()).toEqual(ODD.map(({ file }) => `${file}.body`).sort())
  })

  it.each(ODD)('$file: $what', async ({ file }) => {
    const list = readOdd(file).map(shown)
    await expect(`${JSON.stringify(list, null, 2)}\n`).toMatchFileSnapshot(`./odd/${file}.json`)
  })

  it('has one address in one writing, whoever sends it', () => {
    const emails = ['momentum', 'mailjet', 'esputnik'].map((sender) =>
      readOdd(`${sender}-addresses`)
        .slice(0, 6)
        .map((one) => ('email' in one ? one.email : null)),
    )
    expect(emails[1]).toEqual(emails[0])
    expect(emails[2]).toEqual(emails[0])
    expect(new Set(emails[0]).size).toBe(4)
  })
})
