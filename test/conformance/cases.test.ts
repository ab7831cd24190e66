import { describe, expect, it } from 'vitest'
import { casesOf } from '../../src/conformance/run.ts'
import { SENDER_NAMES } from '../../src/conformance/senders.ts'
import { listening } from '../emulators/site.ts'
import { CREDENTIALS, idsOf, senderOf, tried } from './kit.ts'

const answering = (status: number) =>
  listening((request, response) => {
    request.on('error', () => {}).resume()
    response.writeHead(status).end()
  })

describe.each(SENDER_NAMES)('the cases of %s', (name) => {
  const ids = casesOf(senderOf(name)).map(({ id }) => id)

  it('have an id each', () => {
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBeGreaterThan(25)
  })

  it('name the section of a document that each follows from', async () => {
    const sources = (await tried(name, await answering(500))).map(({ source }) => source)
    expect(sources.length).toBe(ids.length)
    const [own, others] = [
      `${senderOf(name).document}, "`,
      /^RFC \d+, sections? \d|^SparkPost API reference, "|^Mailjet, /,
    ]
    expect(sources.filter((source) => !source.startsWith(own) && !others.test(source))).toEqual([])
    expect(sources.filter((source) => source.startsWith(own)).length).toBeGreaterThan(15)
    expect(new Set(sources.filter((source) => source.startsWith(own))).size).toBeGreaterThan(1)
  })

  it('all fail where everything is answered 500, and what is killed does not come back', async () => {
    const reports = await tried(name, await answering(500), { restart: async () => 1 })
    expect(idsOf(reports, 'failed')).toEqual(ids)
  })

  it('fail where everything is answered 200, if something must be refused', async () => {
    const reports = await tried(name, await answering(200), { restart: async () => 0 })
    const refusals = ['no-credential', 'wrong-credential', 'malformed-authorization', 'too-large', 'slow-body']
    expect(idsOf(reports, 'failed')).toEqual(refusals)
  })

  it('tell no credential', async () => {
    const told = JSON.stringify(await tried(name, await answering(401)))
    for (const value of Object.values(CREDENTIALS[name])) expect(told).not.toContain(value)
  })

  it('skip what needs a credential or a restart where there is none', async () => {
    const reports = await tried(name, await answering(500), { credential: {} })
    expect(idsOf(reports, 'skipped')).toEqual([
      'no-credential',
      'wrong-credential',
      'malformed-authorization',
      'killed-before-answer',
      'killed-after-answer',
    ])
  })

  it('do not run where nobody listens', async () => {
    await expect(tried(name, 'http://127.0.0.1:1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

it('a challenge is asked for where the scheme is Basic', async () => {
  const target = await listening((request, response) => {
    request.on('error', () => {}).resume()
    response.writeHead(401, request.url === '/sparkpost' ? { 'www-authenticate': 'Basic realm="x"' } : {}).end()
  })
  expect(idsOf(await tried('sparkpost', target), 'passed')).toEqual([
    'no-credential',
    'wrong-credential',
    'malformed-authorization',
  ])
  expect(idsOf(await tried('mailjet', target), 'passed')).toEqual([])
})
