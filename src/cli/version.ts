/** The version of this package. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** By the name of the package: this file lies elsewhere when it is built. */
export function version(): string {
  const manifest = fileURLToPath(import.meta.resolve('posthorn/package.json'))
  return JSON.parse(readFileSync(manifest, 'utf8')).version
}
