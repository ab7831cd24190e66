import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { Child } from '../support/child.ts'
import { idsOf, tried } from './kit.ts'

const script = join(import.meta.dirname, 'receiver-child.ts')

/** What the kit finds of a receiver that is killed with SIGKILL and started again on the same port and folder. */
async function findings(kind: string) {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-conformance-'))
  let child = new Child(script, [kind, '0', folder])
  onTestFinished(async () => {
    await child.kill()
    rmSync(folder, { recursive: true })
  })
  const { port } = await child.line('port')
  const base = `http://127.0.0.1:${port}`
  const restart = async (marker: string) => {
    await child.kill()
    child = new Child(script, [kind, String(port), folder])
    await child.line('port')
    if (marker === '') return 0
    const handled = await fetch(`${base}/handled/${marker}`)
    return Number(await handled.text()) >= 20 ? 0 : 1
  }
  return tried('momentum', base, { restart, dribbleMs: 8_000 })
}

it.each(['express', 'fastify', 'node', 'fetch'])('ours passes every case on %s', { timeout: 120_000 }, async (host) => {
  const reports = await findings(host)
  expect(idsOf(reports, 'passed')).toEqual(expect.arrayContaining(['killed-before-answer', 'killed-after-answer']))
  expect(reports.filter(({ result }) => result !== 'passed')).toEqual([])
})

const PARSER_FIRST = ['large-batch', 'stray-element', 'content-type', 'test-post']

it('a receiver in a hurry that answers after the work fails what its parser and its work cannot take', {
  timeout: 120_000,
}, async () => {
  const reports = await findings('answers-last')
  expect(idsOf(reports, 'failed')).toEqual([...PARSER_FIRST, 'too-large', 'slow-body'])
  expect(idsOf(reports, 'skipped')).toEqual([])
})

it('a receiver in a hurry that answers first loses what it acknowledged', { timeout: 120_000 }, async () => {
  const reports = await findings('answers-first')
  expect(idsOf(reports, 'failed')).toEqual(['large-batch', 'too-large', 'slow-body', 'killed-after-answer'])
  expect(idsOf(reports, 'skipped')).toEqual([])
})
