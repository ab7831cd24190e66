/** Large mails, and how often each is held while its handler has it. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Child } from '../support/child.ts'
import { attached, mail, multipart, PARSED, relayed } from '../support/mails.ts'
import type { Look, MailsPlan } from '../support/mails-child.ts'
import { later } from './harness/cleanup.ts'
import { newFolder } from './harness/site.ts'

const MIB = 1 << 20
const MAILS = 4
const BYTES = 15 * MIB

async function launch(plan: MailsPlan) {
  const child = new Child(join(import.meta.dirname, '../support/mails-child.ts'), [JSON.stringify(plan)])
  later(() => child.kill())
  const { port } = await child.line('port')
  return { child, address: `http://127.0.0.1:${port}` }
}

const content = randomBytes(BYTES)

/** 20 MB, 21 MiB of JSON. */
const relay = (n: number) => relayed(mail(multipart([attached(`${n}.pdf`, content)])))
const parse = (n: number) => {
  const head = { 'Content-Type': 'application/pdf', 'Content-Disposition': `attachment; filename=${n}.pdf` }
  const Parts = [{ Headers: head, ContentRef: 'Attachment1' }]
  return JSON.stringify({ ...PARSED, Parts, Attachment1: content.toString('base64') })
}

it.each([
  ['relay', relay],
  ['parse', parse],
] as const)(
  'of a backlog of mails of 20 MB (%s), one at a time is at hand, and less than four times over',
  async (source, bodyOf) => {
    const path = join(newFolder(), 'inbox.db')
    const first = await launch({ path, handles: false })
    for (let n = 0; n < MAILS; n++) {
      // A connection that has lain idle is closed by the server.
      const post = { method: 'POST', body: bodyOf(n), headers: { connection: 'close' } }
      const { status } = await fetch(`${first.address}/${source}`, post)
      expect(status).toBe(200)
    }
    await first.child.kill()
    const { address } = await launch({ path, handles: true })
    const looks = (await (await fetch(`${address}/end`)).json()) as Look[]
    expect(looks.map(({ sizes }) => sizes)).toEqual(Array(MAILS).fill([BYTES]))
    const most = Math.max(...looks.map(({ held }) => held))
    expect(most / MIB).toBeLessThan((4 * bodyOf(0).length) / MIB)
  },
  120_000,
)
