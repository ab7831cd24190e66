import { describe, expect, it } from 'vitest'
import { enhancedCode } from '../../../src/providers/momentum/enhanced-code.ts'

describe('enhancedCode', () => {
  it.each([
    ['550 5.1.1 User unknown', '5.1.1'],
    ['550-5.1.1 The email account\r\n550-5.1.1 does not exist', '5.1.1'],
    ['551 5.7.0 [internal] recipient blackholed', '5.7.0'],
    ['(4.4.7)', '4.4.7'],
    ['status=5.7.708.', '5.7.708'],
    ['2.0.0', '2.0.0'],
    ['blocked 198.51.100.7 with #5.7.1', '5.7.1'],
    ['mail from 5.1.1.2 refused', null],
    ['mail from 12.5.1.1 refused', null],
    ['version v5.1.1', null],
    ['3.1.1', null],
    ['5.1', null],
    ['5.1.', null],
    ['5.1.1a', null],
    ['5.1234.1', null],
    ['5.1.1234', null],
    ['15.1.1', null],
    ['', null],
    ['...', null],
  ])('of %j is %j', (text, code) => {
    expect(enhancedCode(text)).toBe(code)
  })

  it('looks at a long text once', () => {
    const text = '5.1.'.repeat(250_000)
    expect(enhancedCode(text)).toBeNull()
    expect(enhancedCode(`${text} 5.1.1`)).toBe('5.1.1')
  })
})
