/** A body from a file, as it is posted. */
import { readFileSync } from 'node:fs'
import { Scanner } from '../json/scan.ts'

/**
 * The bytes of the file; of an answer `{"results":[…]}`, as SparkPost's samples endpoint gives it, those of the list.
 * @throws an error of the file system when the file cannot be read
 */
export function bodyOfFile(path: string): Uint8Array {
  return withoutResults(readFileSync(path === '-' ? STDIN : path))
}

function withoutResults(bytes: Uint8Array): Uint8Array {
  const head = Buffer.from(bytes.subarray(0, LONGEST_HEAD)).toString('latin1')
  const start = /^(?:\xef\xbb\xbf)?\s*\{\s*"results"\s*:\s*(?=\[)/.exec(head)?.[0].length
  if (start === undefined) return bytes
  const scanner = new Scanner(bytes.subarray(start))
  while (!scanner.advance(bytes.length));
  const found = scanner.result()
  // What follows the list is the end of the object around it.
  return 'failure' in found && found.kind === 'behind' ? bytes.subarray(start, start + (found.at ?? 0)) : bytes
}

const STDIN = 0
/** Room for white space. */
const LONGEST_HEAD = 1_024
