import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { Child } from '../support/child.ts'

/** A process over the file, and how to ask it. */
async function start(path: string, mode: 'hang' | 'answer') {
  const child = new Child(join(import.meta.dirname, '../support/once-child.ts'), [path, mode])
  onTestFinished(async () => void (await child.kill()))
  const { port } = await child.line('port')
  const ask = async () => (await fetch(`http://127.0.0.1:${port}/wf?email=jo@shop.example`)).json()
  return { child, ask }
}

it('has a code that was being made when the process was killed made again, and then handed out for good', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-once-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'inbox.db')
  const first = await start(path, 'hang')
  const lost = expect(first.ask()).rejects.toThrow()
  expect(await first.child.line('made')).toEqual({ made: 'jo@shop.example', again: false })
  await first.child.kill()
  await lost
  const second = await start(path, 'answer')
  const code = await second.ask()
  expect(second.child.lines.filter((line) => 'made' in line)).toEqual([{ made: 'jo@shop.example', again: true }])
  await second.child.kill()
  // What was answered is known, since it was stored before the answer went out.
  const third = await start(path, 'answer')
  expect(await third.ask()).toEqual(code)
  expect(third.child.lines.filter((line) => 'made' in line)).toEqual([])
})
