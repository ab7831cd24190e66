/** The published JSON Schemas of what the views of the dashboard give as JSON: made of the types that they are compiled with. */
import { join } from 'node:path'
import ts from 'typescript6'
import type { JsonSchema } from './json-schema.ts'
import { type Definitions, documents, ref } from './published.ts'

const ROOT = join(import.meta.dirname, '../..')
const SRC = join(ROOT, 'src/dashboard')

/** By view, the file and the type of its `data`. */
export const DASHBOARD_VIEWS: Readonly<Record<string, readonly [file: string, type: string]>> = {
  now: ['views/load/now.ts', 'NowData'],
  sender: ['views/load/sender.ts', 'SenderData'],
  deliveries: ['views/load/deliveries.ts', 'DeliveriesData'],
  delivery: ['views/load/delivery.ts', 'DeliveryData'],
  events: ['views/load/events.ts', 'EventsData'],
  event: ['views/load/event.ts', 'EventData'],
  message: ['views/load/message.ts', 'MessageData'],
  person: ['views/load/person.ts', 'PersonData'],
  bounces: ['views/load/bounces.ts', 'BouncesData'],
  suppression: ['views/load/suppression.ts', 'SuppressionData'],
  dead: ['views/load/dead.ts', 'DeadData'],
  quarantine: ['views/load/quarantine.ts', 'QuarantineData'],
  replays: ['views/load/replays.ts', 'ReplaysData'],
  handlers: ['views/load/handlers.ts', 'HandlersData'],
  storage: ['views/load/storage.ts', 'StorageData'],
  confirm: ['types.ts', 'Plan'],
  run: ['views/confirm.ts', 'RunData'],
}

const FRAME = ['parts/see.ts', 'Frame'] as const
const LINE = ['log-view.ts', 'LoggedDelivery'] as const

export function publishedDashboard(): Array<[path: string, text: string]> {
  const types = new Types([...Object.values(DASHBOARD_VIEWS), FRAME, LINE].map(([file]) => file))
  const views = Object.entries(DASHBOARD_VIEWS).flatMap(([view, at]) => {
    const $defs: Definitions = {}
    const data = types.schema(at, $defs)
    const frame = types.schema(FRAME, $defs)
    const [text, textOrNull] = [{ type: 'string' }, nullable({ type: 'string' })]
    const properties = {
      posthorn: { const: 1, description: 'The version: fields are only added.' },
      view: { const: view, description: 'Its name.' },
      at: { type: 'string', format: 'date-time', description: 'The time of the server.' },
      query: { type: 'object', additionalProperties: text, description: 'What was asked, as it stood in the address.' },
      data: { ...data, description: 'What the view shows.' },
      frame: { ...frame, description: 'What stands around every view: the verdict, and who looks.' },
      next: { ...textOrNull, description: 'The after of the next page; null: there is none.' },
      partial: { ...textOrNull, description: 'What was looked at, where not everything was.' },
    }
    const description = `What the view "${view}" of posthorn/dashboard gives with as=json.`
    return documents(`dashboard/${view}.json`, whole({ title: view, description, properties, $defs }))
  })
  const $defs: Definitions = {}
  const line = types.schema(LINE, $defs)
  const description = 'A line that the view "log" of posthorn/dashboard gives with as=ndjson.'
  return [...views, ...documents('dashboard/log.json', { title: 'log', description, ...line, $defs })]
}

function whole({ properties, ...rest }: JsonSchema & { properties: Record<string, JsonSchema> }): JsonSchema {
  return { ...rest, type: 'object', properties, required: Object.keys(properties) }
}

const nullable = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: 'null' }] })

class Types {
  readonly #program: ts.Program
  readonly #checker: ts.TypeChecker

  constructor(files: readonly string[]) {
    const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile)
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT)
    this.#program = ts.createProgram(
      files.map((file) => join(SRC, file)),
      options,
    )
    this.#checker = this.#program.getTypeChecker()
  }

  /** @throws where there is no such type, or it is nothing that JSON has */
  schema([file, name]: readonly [string, string], definitions: Definitions): JsonSchema {
    const source = this.#program.getSourceFile(join(SRC, file))
    const module = source && this.#checker.getSymbolAtLocation(source)
    const symbol = module && this.#checker.getExportsOfModule(module).find((one) => one.name === name)
    if (symbol === undefined) throw new Error(`${file} exports no ${name}`)
    return this.#of(this.#checker.getDeclaredTypeOfSymbol(symbol), definitions)
  }

  #of(type: ts.Type, definitions: Definitions): JsonSchema {
    const { flags } = type
    if (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return {}
    if (flags & ts.TypeFlags.Null) return { type: 'null' }
    if (type.isUnion()) return this.#union(type.types, definitions)
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value }
    if (flags & ts.TypeFlags.BooleanLiteral) return { const: this.#checker.typeToString(type) === 'true' }
    if (flags & (ts.TypeFlags.String | ts.TypeFlags.TemplateLiteral)) return { type: 'string' }
    if (flags & ts.TypeFlags.Number) return { type: 'number' }
    if (flags & ts.TypeFlags.Boolean) return { type: 'boolean' }
    if (flags & ts.TypeFlags.Object || type.isIntersection()) return this.#object(type, definitions)
    throw new Error(`JSON has no ${this.#checker.typeToString(type)}`)
  }

  #union(types: readonly ts.Type[], definitions: Definitions): JsonSchema {
    const there = types.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined))
    const flags = there.filter((one) => one.flags & ts.TypeFlags.BooleanLiteral)
    const words = there.filter((one) => one.isStringLiteral())
    const rest = there.filter((one) => !flags.includes(one) && !words.includes(one as ts.StringLiteralType))
    const last = (one: ts.Type) => (one.flags & ts.TypeFlags.Null ? 1 : 0)
    rest.sort((a, b) => last(a) - last(b))
    const parts = [
      ...(words.length > 0 ? [{ enum: words.map((one) => (one as ts.StringLiteralType).value).sort() }] : []),
      ...(flags.length === 2 ? [{ type: 'boolean' }] : flags.map((one) => this.#of(one, definitions))),
      ...rest.map((one) => this.#of(one, definitions)),
    ]
    return parts.length === 1 ? (parts[0] as JsonSchema) : { anyOf: parts }
  }

  #object(type: ts.Type, definitions: Definitions): JsonSchema {
    if (this.#checker.isTupleType(type)) return this.#tuple(type, definitions)
    const element = this.#checker.isArrayType(type)
      ? this.#checker.getTypeArguments(type as ts.TypeReference)[0]
      : undefined
    if (element !== undefined) return { type: 'array', items: this.#of(element, definitions) }
    if (type.symbol?.name === 'Date') return { type: 'string', format: 'date-time' }
    const name = type.aliasSymbol?.name ?? type.symbol?.name ?? ''
    const isNamed = /^[A-Z]\w*$/.test(name) && type.isClassOrInterface()
    if (!isNamed) return this.#fields(type, definitions)
    if (definitions[name] === undefined) {
      // It may name itself.
      definitions[name] = {}
      definitions[name] = this.#fields(type, definitions)
    }
    return ref(name)
  }

  #tuple(type: ts.Type, definitions: Definitions): JsonSchema {
    const items = this.#checker.getTypeArguments(type as ts.TypeReference).map((one) => this.#of(one, definitions))
    return { type: 'array', items: items.length === 1 ? (items[0] as JsonSchema) : { anyOf: items } }
  }

  #fields(type: ts.Type, definitions: Definitions): JsonSchema {
    const index = this.#checker.getIndexTypeOfType(type, ts.IndexKind.String)
    const fields = this.#checker.getPropertiesOfType(type).map((symbol) => this.#field(symbol, definitions))
    const required = fields.filter(([, , isOptional]) => !isOptional).map(([name]) => name)
    return {
      type: 'object',
      ...(fields.length === 0
        ? {}
        : { properties: Object.fromEntries(fields.map(([name, schema]) => [name, schema])) }),
      ...(required.length === 0 ? {} : { required }),
      ...(index === undefined ? {} : { additionalProperties: this.#of(index, definitions) }),
    }
  }

  #field(
    symbol: ts.Symbol,
    definitions: Definitions,
  ): readonly [name: string, schema: JsonSchema, isOptional: boolean] {
    const schema = this.#of(this.#checker.getTypeOfSymbol(symbol), definitions)
    const said = ts.displayPartsToString(symbol.getDocumentationComment(this.#checker)).replaceAll('\n', ' ')
    const isOptional = (symbol.flags & ts.SymbolFlags.Optional) !== 0
    return [symbol.name, said === '' ? schema : { ...schema, description: said }, isOptional]
  }
}
