import { describe, expect, it } from 'vitest'
import { attachmentsOf, stepsOf, stepsOfText } from '../../../src/providers/kit/mime.ts'
import { attached, mail, multipart } from '../../support/mails.ts'

const parse = (text: string) => attachmentsOf(() => stepsOf(Buffer.from(text, 'latin1')))
const CODE = { code: 'ERR_MAIL_UNREADABLE' }

/** Boxes in boxes. */
function nested(depth: number): string {
  let inner = 'Content-Type: text/plain\r\n\r\nx'
  for (let level = 0; level < depth; level++) inner = multipart([{ head: [inner], content: '' }], `b${level}`)
  return mail(inner)
}

describe('attachments', () => {
  it('are in order, with type, name, id and bytes', async () => {
    const image = {
      head: [
        'Content-Type: IMAGE/PNG; name=logo.png',
        'Content-Disposition: inline; filename=logo.png',
        'Content-ID: <logo@1>',
        'Content-Transfer-Encoding: base64',
      ],
      content: 'iVBORw==',
    }
    const text = { head: ['Content-Type: text/plain'], content: 'hello' }
    const found = await parse(mail(multipart([text, attached('a.pdf', 'one'), image, attached('b.pdf', 'two')])))
    expect(found.map(({ bytes, ...rest }) => [rest, Buffer.from(bytes).toString('latin1')])).toEqual([
      [{ filename: 'a.pdf', contentType: 'application/pdf', contentId: null, isInline: false }, 'one'],
      [{ filename: 'logo.png', contentType: 'image/png', contentId: 'logo@1', isInline: true }, '\x89PNG'],
      [{ filename: 'b.pdf', contentType: 'application/pdf', contentId: null, isInline: false }, 'two'],
    ])
  })

  it.each([
    ['filename="../../etc/passwd"', 'passwd'],
    ["filename*=UTF-8''..%2F..%2F%D0%B7%D0%B2%D1%96%D1%82.pdf", 'звіт.pdf'],
    ['filename="=?UTF-8?B?0LfQstGW0YIucGRm?="', 'звіт.pdf'],
    ["filename*0*=UTF-8''%2e%2e%2f; filename*1=x.exe", 'x.exe'],
    ['filename=".."', null],
    ['filename=""', null],
    ['', null],
  ])('have safe names: %s', async (param, safe) => {
    const head = ['Content-Type: application/octet-stream', `Content-Disposition: attachment; ${param}`]
    expect((await parse(mail(multipart([{ head, content: 'x' }])))).map(({ filename }) => filename)).toEqual([safe])
  })

  it('of several mails come one after the other, whichever of them fails', async () => {
    const raw: string[] = []
    const ask = (name: string, text: string) =>
      attachmentsOf(() => {
        raw.push(name)
        return stepsOf(Buffer.from(text))
      })
    const bad = ask('bad', `${'X-A: b\r\n'.repeat(400_000)}\r\nx`)
    const good = ask('good', mail(multipart([attached('a.pdf', 'one')])))
    const refused = expect(bad).rejects.toMatchObject(CODE)
    await new Promise((resolve) => setImmediate(resolve))
    expect(raw).toEqual(['bad'])
    await refused
    expect(await good).toHaveLength(1)
  })

  it('have a type where their header has none', async () => {
    const head = ['Content-Type:', 'Content-Disposition: attachment; filename=a.bin']
    const [found] = await parse(mail(multipart([{ head, content: 'x' }])))
    expect([found?.filename, found?.contentType]).toEqual(['a.bin', 'application/octet-stream'])
  })

  it('of a text are those of its bytes, wherever it is cut', async () => {
    const head = ['Content-Type: text/plain; charset=utf-8', 'Content-Disposition: attachment; filename=a.txt']
    for (const before of ['', 'x']) {
      const content = `${before}${'🛒'.repeat(100_000)}`
      const [found] = await attachmentsOf(() => stepsOfText(mail(multipart([{ head, content }]))))
      expect(Buffer.from(found?.bytes ?? []).toString()).toBe(content)
    }
  })

  it('of what is no mail are none', async () => {
    expect(await attachmentsOf(() => [])).toEqual([])
    for (const text of ['', 'no mail', '\0'.repeat(1_000), '\r\n\r\n']) expect(await parse(text)).toEqual([])
  })

  it.each([
    ['boxes in boxes', nested(3_000)],
    ['more than 1 000 parts', mail(multipart(Array(5_000).fill({ head: ['Content-Type: image/png'], content: 'x' })))],
    ['a flood of headers', `${'X-A: b\r\n'.repeat(400_000)}\r\nx`],
    ['one header of 4 MB', `X-A: ${'b'.repeat(4 << 20)}\r\n\r\nx`],
    ['a header folded 500 000 times', `X-A: b\r\n${' c\r\n'.repeat(500_000)}\r\nx`],
    ['a list of 300 000 addresses', `Cc: ${Array(300_000).fill('a@b.c').join(', ')}\r\n\r\nx`],
    ['a subject of 300 000 encoded words', `Subject: ${'=?utf-8?q?a?= '.repeat(300_000)}\r\n\r\nx`],
    ['300 000 parameters of a type', `Content-Type: text/plain; ${'a=b; '.repeat(300_000)}\r\n\r\nx`],
  ])('of a mail with %s are refused', async (_, text) => {
    await expect(parse(text)).rejects.toMatchObject(CODE)
  })

  it.each([
    ['boxes that never end', mail(`Content-Type: multipart/mixed; boundary=a\r\n\r\n${'--a\r\n'.repeat(900)}`)],
    ['a border of no characters', mail('Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n\r\nx\r\n----\r\n')],
    ['a box that is its own border', mail(multipart([{ head: [multipart([], 'border')], content: '' }]))],
    ['mails in mails', mail('Content-Type: message/rfc822\r\n\r\n'.repeat(500))],
    ['base64 that is none', mail(multipart([{ head: attached('x', '').head, content: '!!!===ж' }]))],
    ['a charset that nobody knows', mail('Content-Type: text/plain; charset=x-none\r\n\r\n\xff\xfe')],
    ['quoted-printable that is none', mail('Content-Transfer-Encoding: quoted-printable\r\n\r\n=ZZ=\r\n=')],
    ['a bomb of entities', mail(`Content-Type: text/html\r\n\r\n${'&amp;'.repeat(500_000)}`)],
    ['brackets without end', `Cc: ${'('.repeat(100_000)}\r\n\r\nx`],
    ['compressed zeros', mail(multipart([attached('zeros.gz', Buffer.alloc(1_000), 'application/gzip')]))],
  ])('of a mail with %s come to an end', async (_, text) => {
    const outcome = await parse(text).catch(({ code }) => code)
    expect(Array.isArray(outcome) || outcome === CODE.code).toBe(true)
  })
})
