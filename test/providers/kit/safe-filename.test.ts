import { describe, expect, it } from 'vitest'
import { safeFilename } from '../../../src/providers/kit/safe-filename.ts'

describe('the name of an attachment', () => {
  it.each([
    ['report.pdf', 'report.pdf'],
    ['Звіт за 2026.pdf', 'Звіт за 2026.pdf'],
    ['../../etc/passwd', 'passwd'],
    ['..\\..\\windows\\system32\\x.dll', 'x.dll'],
    ['/etc/cron.d/job', 'job'],
    ['C:\\autoexec.bat', 'autoexec.bat'],
    ['a/b\\..', null],
    ['..', null],
    ['.', null],
    ['', null],
    ['   ', null],
    [null, null],
    ['.htaccess', 'htaccess'],
    ['...hidden', 'hidden'],
    ['name. . ', 'name'],
    ['a\0b.exe', 'ab.exe'],
    ['a\r\nSet-Cookie: x.txt', 'aSet-Cookie_ x.txt'],
    ['invoice\u202efdp.exe', 'invoicefdp.exe'],
    ['zero\u200bwidth.txt', 'zerowidth.txt'],
    ['file.txt:stream', 'file.txt_stream'],
    ['<script>.html', '_script_.html'],
    ['CON', '_CON'],
    ['nul.txt', '_nul.txt'],
    ['com1.tar.gz', '_com1.tar.gz'],
    ['CON .txt', '_CON .txt'],
    ['conin$', '_conin$'],
    ['CONOUT$.log', '_CONOUT$.log'],
    ['console.log', 'console.log'],
    [`${'x'.repeat(199)}. ${'y'.repeat(99)}`, 'x'.repeat(199)],
    ['e\u0301.txt', '\u00e9.txt'],
    ['\ud800x.txt', 'x.txt'],
  ])('%j is %j', (name, safe) => expect(safeFilename(name)).toBe(safe))

  it.each([' ', '.'])('is looked over once, however many of %j it has inside', (filler) => {
    expect(safeFilename(`x${filler.repeat(300_000)}.pdf`)).toBe(`x${filler.repeat(195)}.pdf`)
  })

  it.each(['x'.repeat(10_000), 'ж'.repeat(10_000), '😀'.repeat(3_000), 'e\u0301'.repeat(5_000)])(
    'has at most 200 bytes, and keeps its ending',
    (stem) => {
      const safe = safeFilename(`${stem}.pdf`) ?? ''
      expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(200)
      expect(safe.length).toBeGreaterThan(50)
      expect(safe.endsWith('.pdf')).toBe(true)
      expect(safe.isWellFormed()).toBe(true)
      expect(safeFilename(safe)).toBe(safe)
    },
  )
})
