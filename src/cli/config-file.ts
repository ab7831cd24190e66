/** The file that configures `posthorn serve`, and by which other commands find the inbox. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { assertConfig } from '../core/config.ts'
import { OptionError } from '../errors.ts'
import type { PosthornConfig } from '../public/config.ts'

const NAMES = ['posthorn.config.ts', 'posthorn.config.js', 'posthorn.config.mjs']

/**
 * The default export of the file; without a name, of the first default name that is there.
 * @throws OptionError when there is none, or it configures nothing; an error of the file system when it cannot be read
 */
export async function configOf(file: string | undefined): Promise<PosthornConfig> {
  const path = resolve(file ?? configHere() ?? missing())
  // A file that is not there is told like any other.
  readFileSync(path)
  const { default: given }: { readonly default?: unknown } = await import(pathToFileURL(path).href)
  assertConfig(path, given)
  return given
}

/** The configuration of this folder; undefined: it has none. */
export const configHere = (): string | undefined => NAMES.find((name) => existsSync(name))

function missing(): never {
  throw new OptionError(`name the inbox with --inbox, or the configuration with --config: there is no ${NAMES[0]} here`)
}
