/** The forms of an answer beside its page: JSON, NDJSON, CSV. */
import type { Shown } from './types.ts'

export type Row = Readonly<Record<string, unknown>>

/** What a query says, for the answer; an address cannot stand in it. */
export function queryOf(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...query].filter(([name]) => name !== 'as'))
}

export function jsonOf(shown: Shown, query: URLSearchParams, now: Date): string {
  const { view, data, frame, next, partial } = shown
  return JSON.stringify({ posthorn: 1, view, at: now, query: queryOf(query), data, frame, next, partial })
}

export const ndjsonOf = (rows: readonly Row[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

/** RFC 4180, with a line of names. */
export function csvOf(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const line = (values: readonly unknown[]) => `${values.map(cellOf).join(',')}\r\n`
  return line(names) + rows.map((row) => line(names.map((name) => row[name]))).join('')
}

/**
 * A cell that a spreadsheet would calculate gets an apostrophe before it (L11): what begins so was written by strangers.
 * Where a comma is in numbers, a cell begins behind a semicolon, and a line within quotes at its break. Numbers of ours
 * stay numbers.
 */
export function cellOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = value instanceof Date ? value.toISOString() : typeof value === 'string' ? value : JSON.stringify(value)
  const begun = /^[\s\p{Cc}]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/u.test(text) ? "'" : ''
  const blank = text.match(/^[\s\p{Cc}]*/u)?.[0] ?? ''
  const rest = text.slice(blank.length).replaceAll(/[;\t\r\n](?=["\s]{0,9}[=+\-@\uff1d\uff0b\uff0d\uff20])/gu, "$&'")
  const safe = begun + blank + rest
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
