/** Calls each module of the reference what users import: the keys of `paths` in tsconfig.json. */
import { readFileSync } from 'node:fs'
import { Converter, ReflectionKind } from 'typedoc'

const { compilerOptions } = JSON.parse(readFileSync(new URL('../../tsconfig.json', import.meta.url), 'utf8'))
const names = new Map(
  Object.entries(compilerOptions.paths).map(([name, [path]]) => [
    path.replace('./src/', '').replace(/(\/?index)?\.ts$/, ''),
    name,
  ]),
)

export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return
    const path = reflection.name.replace(/(^|\/)index$/, '')
    reflection.name = names.get(path) ?? `posthorn/${path.replace(/^providers\//, '')}`
  })
}
