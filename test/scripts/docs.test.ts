import { describe, expect, it } from 'vitest'
import { generateDocs } from '../../scripts/generate.ts'

const text = (await generateDocs()).get('docs/events.md') ?? ''

/** The rows of the table below the heading, as cells without their backticks. */
function rowsBelow(heading: string): string[][] {
  const lines = text
    .slice(text.indexOf(`${heading}\n`))
    .split('\n')
    .slice(1)
  const start = lines.findIndex((line) => line.startsWith('|---'))
  const end = lines.findIndex((line, at) => at > start && !line.startsWith('|'))
  return lines.slice(start + 1, end).map((line) =>
    line
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.replaceAll('`', '')),
  )
}

const MOMENTUM = 'Momentum and SparkPost'

// The number of fields of each type in SparkPost's samples endpoint of mid-2026.
const FIELDS = {
  bounce: 49,
  delivery: 51,
  injection: 45,
  sms_status: 23,
  spam_complaint: 38,
  out_of_band: 40,
  policy_rejection: 33,
  delay: 51,
  click: 44,
  open: 42,
  initial_open: 42,
  amp_click: 44,
  amp_open: 42,
  amp_initial_open: 42,
  generation_failure: 30,
  generation_rejection: 32,
  list_unsubscribe: 40,
  link_unsubscribe: 44,
  relay_injection: 18,
  relay_rejection: 19,
  relay_delivery: 20,
  relay_tempfail: 23,
  relay_permfail: 24,
  ab_test_completed: 6,
  ab_test_cancelled: 6,
  ingest_success: 9,
  ingest_error: 13,
}

describe('the document of events', () => {
  it('counts as many documented fields of Momentum as SparkPost sends', () => {
    const rows = rowsBelow(`### ${MOMENTUM}: fields of each event`)
    const counted = rows.map(([name, n]) => [name?.replace('momentum.', ''), Number(n)])
    expect(Object.fromEntries(counted)).toEqual({ ...FIELDS, ad_adjust: 11, ad_status: 15, relay_message: 11 })
    for (const [name, n, fields] of rows) expect(fields?.split(' · ')[0]?.split(' '), name).toHaveLength(Number(n))
  })

  it('has the events of every sender', () => {
    expect(rowsBelow(`## ${MOMENTUM}`)).toHaveLength(27 + 2 + 1 + 1)
    expect(rowsBelow('## Mailjet').map(([name]) => name)).toEqual(
      ['sent', 'open', 'click', 'bounce', 'blocked', 'spam', 'unsub', 'parse', 'unknown'].map(
        (word) => `mailjet.${word}`,
      ),
    )
    expect(rowsBelow('## eSputnik (Yespo)').map(([name]) => name?.replace('esputnik.', ''))).toEqual([
      'sent',
      'delivered',
      'undelivered',
      'read',
      'clicked',
      'unsubscribed',
      'spam',
      'subscription_changed',
      'unknown',
    ])
  })

  it.each([MOMENTUM, 'Mailjet', 'eSputnik (Yespo)'])('says what every field is: %s', (title) => {
    const described = new Set(rowsBelow(`### ${title}: what the fields are`).map(([field]) => field?.split(' ')[0]))
    const listed = rowsBelow(`### ${title}: fields of each event`).flatMap(([, , fields]) =>
      (fields ?? '').replace(' · also seen:', '').split(' '),
    )
    expect(listed.length).toBeGreaterThan(50)
    expect([...new Set(listed)].filter((field) => !described.has(field))).toEqual([])
  })

  it('gives identifiers as text, and no field without a type or a description', () => {
    const rows = [MOMENTUM, 'Mailjet', 'eSputnik (Yespo)'].flatMap((title) =>
      rowsBelow(`### ${title}: what the fields are`),
    )
    for (const [field, wire, payload, about] of rows) {
      expect([wire, payload, about?.includes('.')], field).toEqual([
        expect.stringMatching(/./),
        expect.stringMatching(/./),
        true,
      ])
      if (wire === 'identifier') expect(payload, field).toBe('string')
    }
    expect(rows.filter(([, wire]) => wire === 'identifier')).not.toHaveLength(0)
  })

  it('has the bounce classes of Momentum, as its readers read them', () => {
    const rows = rowsBelow(`### ${MOMENTUM}: bounce classes`)
    const kinds = rows.map(([number, type, kind, effect]) => [number, kind === '–' ? type : kind, effect].join(' '))
    expect(kinds).toEqual([
      '1 undetermined none',
      '10 hard suppress',
      '20 soft none',
      '21 soft none',
      '22 soft none',
      '23 soft none',
      '24 soft none',
      '25 admin none',
      '30 hard suppress',
      '40 soft none',
      '50 block none',
      '51 block none',
      '52 block none',
      '53 block none',
      '54 block none',
      '60 autoresponded none',
      '70 soft none',
      '80 subscribed none',
      '90 unsubscribed unsubscribe',
      '100 autoresponded none',
      'any other, or none undetermined none',
    ])
  })

  it('has the 20 errors that Mailjet documents, and one of its SDK', () => {
    expect(rowsBelow('### Mailjet: errors')).toHaveLength(21)
  })

  it('quarantines alone what nobody could rely on, and nothing else', () => {
    const rows = rowsBelow('What becomes of elements:')
    const quarantined = rows.filter(([, , , becomes]) => becomes?.startsWith('quarantined alone'))
    expect(quarantined.map(([sender, what]) => `${sender}: ${what}`)).toEqual([
      'momentum: two events in one element',
      'momentum: an object where text belongs',
      'momentum: an answer of the samples endpoint',
      'momentum: no event at all',
      'mailjet: a list where text belongs',
      'mailjet: no object',
      'esputnik: an object where text belongs',
    ])
    expect(rows.length).toBeGreaterThan(25)
  })
})
