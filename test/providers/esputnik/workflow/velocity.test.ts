import { describe, expect, it } from 'vitest'
import { isUnresolved } from '../../../../src/providers/esputnik/workflow/velocity.ts'

describe('a reference that was not resolved', () => {
  it.each([
    '$email',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: so Velocity writes it
    '${email}',
    '$!email',
    '$!{email}',
    ' $email ',
    "$data.get('x')",
    '$data.get("x")',
    "$!data.get('x')",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: so Velocity writes it
    "${data.get('x')}",
    "$data.get('WH5').get('promocode')",
    '$data.contacts_get_by_email.get(0).id',
    '$contact_ID',
    '$workflowInstanceId',
    '$list[0]',
    "$map['a b']",
    "$data.getOrDefault('x', 'y')",
    '$esc.url($email)',
    '$esc.url($!data.get(\'WH5\').get("name (first)"))',
    "$!mathTool.toInteger($data.get('WH5').get(0).get('id'))",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: so Velocity writes it
    "${esc.url(${data.get('x')})}",
  ])('is %s', (text) => expect(isUnresolved(text)).toBe(true))

  it.each([
    '',
    '$',
    '$5',
    '$5.00',
    'US$email',
    '$email@x.y',
    'cost: $price',
    '${email',
    '$email}',
    '$a b',
    "$a'x'",
    '$a(1)',
    '$a.b(1)(2)',
    '$a.b(c',
    "$data.get(x')",
    '$esc.url(a@b.c)',
    '$a.b($c) $d.e($f)',
    'jo@x.y',
    12,
  ])('is not %s', (text) => expect(isUnresolved(text)).toBe(false))

  it('is looked for in no long text', () => {
    expect(isUnresolved(`$${'a'.repeat(1_000_000)}`)).toBe(false)
    expect(isUnresolved(`$a${'.b'.repeat(99)}`)).toBe(true)
  })
})
