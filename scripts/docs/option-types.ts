/** The option types that the package exports, read from their declarations: each option with its doc and its default. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript5'
import { table } from './markdown.ts'

const ROOT = join(import.meta.dirname, '../..')
const IS_OPTIONS = /(Options|Limits|Rules)$/

export interface Option {
  /** `limits.bodyBytes` where it lies in an object of its own. */
  readonly name: string
  readonly isRequired: boolean
  readonly doc: string
  /** As the doc states it; null where it states none. */
  readonly default: string | null
  /** Where it is declared, from the root. */
  readonly file: string
}

export interface OptionType {
  readonly entry: string
  readonly name: string
  readonly options: readonly Option[]
  /** Exported types whose options it has too. */
  readonly bases: readonly string[]
}

interface Declared {
  readonly file: string
  readonly node: ts.InterfaceDeclaration | ts.TypeAliasDeclaration
}

/** What everybody meets; the others in the order of their exports. */
const FIRST = [
  'ReceiverOptions',
  'ReceiverLimits',
  'RetentionOptions',
  'HandlerOptions',
  'BatchOptions',
  'RetryOptions',
]

const parsed = new Map<string, ts.SourceFile>()

function parse(file: string): ts.SourceFile {
  const known = parsed.get(file)
  if (known !== undefined) return known
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
  parsed.set(file, source)
  return source
}

/** Every option type, once: at the entry that comes first in the exports map. */
export function optionTypes(): OptionType[] {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const entries = Object.entries<string | { types: string }>(exports).flatMap(([name, files]) =>
    typeof files === 'string' ? [] : [{ entry: name.replace('.', 'posthorn'), file: sourceOf(files.types) }],
  )
  const found = new Map<Declared['node'], { entry: string; name: string; declared: Declared }>()
  for (const { entry, file } of entries)
    for (const [name, declared] of exportedTypes(file))
      if (IS_OPTIONS.test(name) && !found.has(declared.node)) found.set(declared.node, { entry, name, declared })
  const exported = new Map([...found].map(([node, { name }]) => [node, name]))
  const first = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length)
  return [...found.values()]
    .sort((a, b) => first(a.name) - first(b.name))
    .map(({ entry, name, declared }) => {
      const bases: string[] = []
      const options = optionsOf(declared.node, declared.file, (base) => {
        const known = exported.get(base)
        if (known === undefined) return false
        bases.push(known)
        return true
      })
      return { entry, name, options, bases }
    })
}

const sourceOf = (types: string) => join(ROOT, types.replace('./dist/types/', 'src/').replace(/\.d\.ts$/, '.ts'))

/** The types that a file exports, by name, those of other files too. */
function exportedTypes(file: string): Map<string, Declared> {
  const types = new Map<string, Declared>()
  for (const statement of parse(file).statements) {
    if (isType(statement) && statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))
      types.set(statement.name.text, { file, node: statement })
    if (!ts.isExportDeclaration(statement)) continue
    const from = statement.moduleSpecifier === undefined ? file : pathOf(statement.moduleSpecifier, file)
    if (from === null) continue
    if (statement.exportClause === undefined) for (const [name, one] of exportedTypes(from)) types.set(name, one)
    else if (ts.isNamedExports(statement.exportClause))
      for (const { name, propertyName } of statement.exportClause.elements) {
        const one = typeIn(from, (propertyName ?? name).text)
        if (one !== null) types.set(name.text, one)
      }
  }
  return types
}

const isType = (node: ts.Node): node is Declared['node'] =>
  ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)

function pathOf(specifier: ts.Expression, from: string): string | null {
  const path = ts.isStringLiteral(specifier) ? join(dirname(from), specifier.text) : ''
  return ts.isStringLiteral(specifier) && specifier.text.startsWith('.') && existsSync(path) ? path : null
}

/** The type that a file knows by this name: its own, or one that it imports or exports. */
function typeIn(file: string, name: string): Declared | null {
  for (const statement of parse(file).statements) {
    if (isType(statement) && statement.name.text === name) return { file, node: statement }
    const bindings = ts.isImportDeclaration(statement) ? statement.importClause?.namedBindings : undefined
    const elements = bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements : []
    const element = elements.find((one) => one.name.text === name)
    if (element === undefined || !ts.isImportDeclaration(statement)) continue
    const from = pathOf(statement.moduleSpecifier, file)
    return from === null ? null : typeIn(from, (element.propertyName ?? element.name).text)
  }
  return exportedTypes(file).get(name) ?? null
}

type IsElsewhere = (base: Declared['node']) => boolean

function optionsOf(node: Declared['node'], file: string, isElsewhere: IsElsewhere): Option[] {
  if (ts.isTypeAliasDeclaration(node)) return optionsOfType(node.type, file, isElsewhere)
  const bases = (node.heritageClauses ?? []).flatMap(({ types }) => [...types])
  return unique([
    ...node.members.flatMap((member) => optionsOfMember(member, file)),
    ...bases.flatMap((base) => optionsOfNamed(base.expression.getText(), base.typeArguments ?? [], file, isElsewhere)),
  ])
}

function optionsOfType(type: ts.TypeNode, file: string, isElsewhere: IsElsewhere): Option[] {
  if (ts.isParenthesizedTypeNode(type)) return optionsOfType(type.type, file, isElsewhere)
  if (ts.isIntersectionTypeNode(type) || ts.isUnionTypeNode(type))
    return unique(type.types.flatMap((one) => optionsOfType(one, file, isElsewhere)))
  if (ts.isTypeLiteralNode(type)) return type.members.flatMap((member) => optionsOfMember(member, file))
  if (ts.isTypeReferenceNode(type))
    return optionsOfNamed(type.typeName.getText(), type.typeArguments ?? [], file, isElsewhere)
  return []
}

/** `Pick<Other, 'one' | 'two'>` and its like, or a type by name. */
function optionsOfNamed(
  name: string,
  [of, keys]: readonly ts.TypeNode[],
  file: string,
  isElsewhere: IsElsewhere,
): Option[] {
  if (/^(Pick|Omit|Partial|Readonly|Required)$/.test(name) && of !== undefined) {
    const named = [...(keys?.getText() ?? '').matchAll(/'(\w+)'/g)].map(([, key]) => key)
    const isThere = ({ name: one }: Option) => named.includes(one.split('.')[0]) === (name !== 'Omit')
    const all = optionsOfType(of, file, () => false)
    return keys === undefined ? all : all.filter(isThere)
  }
  const declared = typeIn(file, name)
  if (declared === null || isElsewhere(declared.node)) return []
  return optionsOf(declared.node, declared.file, isElsewhere)
}

/** An option that a union has twice is that of its first member. */
const unique = (options: readonly Option[]) =>
  [...new Map(options.toReversed().map((one) => [one.name, one])).values()].toReversed()

function optionsOfMember(member: ts.TypeElement, file: string): Option[] {
  if (!ts.isPropertySignature(member) && !ts.isMethodSignature(member)) return []
  const name = member.name.getText()
  const type = member.type
  if (type?.kind === ts.SyntaxKind.UndefinedKeyword || type?.kind === ts.SyntaxKind.NeverKeyword) return []
  const doc = docOf(member)
  const option = {
    ...{ name, doc, file: relative(ROOT, file), default: defaultIn(doc) },
    isRequired: member.questionToken === undefined,
  }
  const within = type !== undefined && ts.isUnionTypeNode(type) ? [...type.types] : type === undefined ? [] : [type]
  const literals = ts.isPropertySignature(member) ? within.filter(ts.isTypeLiteralNode) : []
  const nested = literals.flatMap(({ members }) => members.flatMap((one) => optionsOfMember(one, file)))
  return [option, ...nested.map((one) => ({ ...one, name: `${name}.${one.name}` }))]
}

function docOf(node: ts.Node): string {
  const docs = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)
  return docs
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
    .join(' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

/** `Default 30_000.`, `Default: that of Node.`, `` `stored` (default) `` or `` (`delivery`, default) ``. */
function defaultIn(doc: string): string | null {
  const [, stated] = /\bDefault:? (.+?)(?=[.;:](?: |$)|$)/.exec(doc) ?? []
  const [, word] = /(`[^`]+`)[^`(]*(?:\((?:the )?|, )default\)/.exec(doc) ?? []
  return stated ?? word ?? null
}

/** `docs/options.md`. */
export function renderOptions(): string {
  const types = optionTypes()
  const entries = [...new Set(types.map(({ entry }) => entry))]
  const sections = entries.map((entry) => {
    const own = types.filter((type) => type.entry === entry).map(renderType)
    return [`## ${entry}`, ...own].join('\n\n')
  })
  return `${[HEAD, ...sections].join('\n\n')}\n`
}

const HEAD = `# Options

Every option that the package takes, by where its type is exported, with the default that it has. Generated from the declarations; a
test compares each default with the code. A number keeps its unit in its name or its line; a misspelt option is refused with the nearest name.
Types and functions are in the [reference](reference/README.md), options of commands at [the command line](cli.md).`

function renderType({ name, options, bases }: OptionType): string {
  const more = bases.length === 0 ? [] : [`With those of ${bases.map((base) => `\`${base}\``).join(', ')}.`]
  const rows = options.map((option) => [
    `\`${option.name}\``,
    option.isRequired ? 'required' : (option.default ?? '–'),
    meaningOf(option),
  ])
  const own = rows.length === 0 ? [] : [table(['option', 'default', 'what it is'], rows)]
  return [`### ${name}`, ...own, ...more].join('\n\n')
}

/** Without the sentence that only says the default. */
function meaningOf({ doc, default: stated }: Option): string {
  const plain = stated === null ? doc : doc.replace(new RegExp(`\\s*Default:? ${escaped(stated)}\\.`), '')
  return plain.replaceAll(/\{@link (\w+)\}/g, '`$1`').trim()
}

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
