/** The file that defines hooks: a module with a default export, or JSON. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { defineHooks, type HookDefinitions, type Hooks } from '../clients/index.ts'
import { OptionError } from '../errors.ts'
import { isObject } from '../lib/guards.ts'

const NAMES = ['posthorn.hooks.ts', 'posthorn.hooks.js', 'posthorn.hooks.mjs', 'posthorn.hooks.json']

/**
 * The hooks of the file; without a name those of the first default name that is there.
 * @throws OptionError when there is none, or it defines none; an error of the file system when it cannot be read
 */
export async function hooksOf(file: string | undefined): Promise<Hooks> {
  const path = resolve(file ?? NAMES.find((name) => existsSync(name)) ?? missing())
  const given: unknown = path.endsWith('.json') ? parsed(path) : (await moduleAt(path)).default
  if (!isObject(given))
    throw new OptionError(`--file: ${path} must have an object of hooks, as its default export or as JSON`)
  // What `defineHooks` gives, or what it takes.
  return typeof given.plan === 'function' ? (given as unknown as Hooks) : defineHooks(given as HookDefinitions)
}

function missing(): never {
  throw new OptionError(`there is no ${NAMES.join(', ')} here: name the definitions with --file`)
}

function parsed(path: string): unknown {
  const text = readFileSync(path, 'utf8')
  try {
    return JSON.parse(text)
  } catch {
    // The parser's message quotes the file, which may have a secret in it.
    throw new OptionError(`--file: ${path} is no JSON`)
  }
}

/** A module that is not there is told like any other file. */
async function moduleAt(path: string): Promise<{ readonly default?: unknown }> {
  readFileSync(path)
  return import(pathToFileURL(path).href)
}
