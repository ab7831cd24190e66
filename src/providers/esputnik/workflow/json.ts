/** A body that is one JSON object, bounded in depth and members before it is parsed. Private. */
import { likelyCause } from '../../../json/cause.ts'
import { isCrowded } from '../../../json/members.ts'
import { Scanner } from '../../../json/scan.ts'
import { parseElements } from '../../../json/slices.ts'

/** Numbers that a double cannot hold are text, digit for digit. */
export function readJson(body: Uint8Array): { readonly value: unknown } | { readonly broken: string } {
  const scanner = new Scanner(body)
  while (!scanner.advance(body.length));
  const scan = scanner.result()
  if ('failure' in scan) return { broken: noJson(body, scan.at) }
  if (scan.deep.size > 0) return { broken: 'the body is nested too deeply' }
  if (isCrowded(body)) return { broken: 'the body has too many members' }
  try {
    // An array of one object has its one element too; its value is the list.
    const values = parseElements(body, scan, 0, scan.count)
    return { value: isBare(body) ? values[0] : values }
  } catch {
    return { broken: noJson(body, null) }
  }
}

const isBare = (body: Uint8Array): boolean =>
  Buffer.from(body.subarray(0, 4)).toString().replace('\ufeff', '').trimStart()[0] !== '['

/** Where it shows, and what it likely is. */
function noJson(body: Uint8Array, fallback: number | null): string {
  const found = likelyCause(body, 0, body.length)
  const at = found?.at ?? fallback
  const cause = found?.cause ? `: likely ${found.cause}` : ''
  return `the body is not JSON${at === null ? '' : ` at byte ${at}`}${cause}`
}
