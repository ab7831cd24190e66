/** How values come out of the database: whole numbers as numbers, bytes as bytes, everything else as text. */

const [BOOL, BYTEA, INT8, INT2, INT4, FLOAT8] = [16, 17, 20, 21, 23, 701]

const PARSERS = new Map<number, (value: string) => unknown>([
  [BOOL, (value) => value === 't'],
  [BYTEA, bytesOf],
  ...[INT8, INT2, INT4, FLOAT8].map((oid): [number, (value: string) => unknown] => [oid, Number]),
])

/** In hex, or, where `bytea_output` says `escape`, as text with octal codes and doubled backslashes. */
function bytesOf(value: string): Buffer {
  if (value.startsWith('\\x')) return Buffer.from(value.slice(2), 'hex')
  const text = value.replace(/\\(\\|[0-7]{3})/g, (_, code: string) =>
    code === '\\' ? code : String.fromCharCode(Number.parseInt(code, 8)),
  )
  return Buffer.from(text, 'latin1')
}

const asText = (value: string): unknown => value

export const TYPES = { getTypeParser: (oid: number) => PARSERS.get(oid) ?? asText }
