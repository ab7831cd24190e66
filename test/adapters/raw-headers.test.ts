import { describe, expect, it } from 'vitest'
import { rawHeadersOf } from '../../src/adapters/raw-headers.ts'
import { bodyOf } from '../../src/adapters/request-body.ts'

/** What stands in for a request of Node, of which only this is looked at. */
const request = (given: object) => given as Parameters<typeof rawHeadersOf>[0]

const NAMES = { 'x-key': 'one', 'content-length': 12, cookie: ['a=1', 'b=2'], upgrade: undefined }
const LISTED = ['x-key', 'one', 'content-length', '12', 'cookie', 'a=1', 'cookie', 'b=2']

describe('the raw headers of what stands in for a request', () => {
  it.each([
    ['empty', []],
    ['missing', undefined],
    ['no list', 'x-key: one'],
  ])('are its headers where they are %s', (_what, rawHeaders) => {
    expect(rawHeadersOf(request({ rawHeaders, headers: NAMES }))).toEqual(LISTED)
  })

  it('are text, whatever is in them, and a list of values comes as often', () => {
    expect(rawHeadersOf(request({ rawHeaders: Object.entries(NAMES).flat(), headers: {} }))).toEqual([
      ...['x-key', 'one', 'content-length', '12'],
      ...['cookie', 'a=1'],
      ...['cookie', 'b=2'],
    ])
  })

  it('are themselves where all is text', () => {
    const rawHeaders = ['X-Key', 'one', 'x-key', 'two']
    expect(rawHeadersOf(request({ rawHeaders, headers: {} }))).toBe(rawHeaders)
  })

  it('are none where there is nothing', () => {
    expect(rawHeadersOf(request({}))).toEqual([])
  })
})

describe('the body of what stands in for a request', () => {
  const ended = { readableEnded: true, readableDidRead: false, readableEncoding: null }

  it('is not taken for empty where its stream has ended and its length says otherwise', () => {
    expect(bodyOf(request({ ...ended, rawHeaders: ['content-length', '12'] }))).toBe('consumed')
  })

  it('is what the host has kept', () => {
    const body = Buffer.from('twelve bytes')
    expect(bodyOf(request({ ...ended, rawHeaders: ['content-length', '12'], body }))).toBe(body)
    expect(bodyOf(request({ ...ended, rawHeaders: [], headers: { 'content-length': 12 }, rawBody: body }))).toBe(body)
  })

  it('is none where it ended without a byte', () => {
    expect(bodyOf(request({ ...ended, rawHeaders: ['transfer-encoding', 'chunked'] }))).toBe(null)
  })
})
