/** The picture of docs/architecture.md: which parts of `src/` import which, as the imports say. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const SRC = join(import.meta.dirname, '../../src')

/** What everything stands on, and is not drawn: types, errors, ports, and tools. */
const GROUND = /^(types|errors)\.ts$|^(lib|json|http|ports|public)\//

/** Folders whose parts are drawn one by one. */
const DIVIDED = ['core', 'inboxes', 'providers']

type Arrows = ReadonlyMap<string, ReadonlySet<string>>

/** A Mermaid flowchart. An arrow that follows from two others is left out. */
export function renderHouse(): string {
  const arrows = needed(arrowsBetweenParts())
  const lines = [...arrows].flatMap(([from, tos]) => [...tos].map((to) => `  ${idOf(from)} --> ${idOf(to)}`))
  const parts = [...arrows.keys()].map((part) => `  ${idOf(part)}["${part}"]`)
  return ['```mermaid', 'flowchart TD', ...parts.sort(), ...lines.sort(), '```'].join('\n')
}

const idOf = (part: string) => part.replaceAll(/\W/g, '_')

function partOf(file: string): string {
  const [folder = '', room = ''] = file.split('/')
  if (!DIVIDED.includes(folder) || room.endsWith('.ts')) return folder
  return `${folder}/${room}`
}

function arrowsBetweenParts(): Arrows {
  const arrows = new Map<string, Set<string>>()
  for (const file of globSync('**/*.ts', { cwd: SRC }).map((one) => one.replaceAll('\\', '/'))) {
    if (GROUND.test(file)) continue
    const tos = arrows.get(partOf(file)) ?? new Set()
    arrows.set(partOf(file), tos)
    for (const to of importsOf(file)) if (!GROUND.test(to) && partOf(to) !== partOf(file)) tos.add(partOf(to))
  }
  return arrows
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\s*\/\/.*$/gm, '')
  return [...text.matchAll(/(?:\bfrom|^import|\bimport\()\s*'(\.[^']+)'/gm)].map(([, to = '']) =>
    relative(SRC, resolve(dirname(join(SRC, file)), to)).replaceAll('\\', '/'),
  )
}

/** Without each arrow whose end is reached through another of the same start. */
function needed(arrows: Arrows): Arrows {
  const reachedFrom = (start: string) => {
    const reached = new Set(arrows.get(start))
    for (const part of reached) for (const next of arrows.get(part) ?? []) reached.add(next)
    return reached
  }
  return new Map(
    [...arrows].map(([from, tos]) => {
      const around = [...tos].flatMap((to) => [...reachedFrom(to)])
      return [from, new Set([...tos].filter((to) => !around.includes(to)))]
    }),
  )
}
