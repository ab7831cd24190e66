/** A body of XML, bounded, without declarations of types or entities. Private. */
import type { XmlElement, XmlNode } from '@rgrove/parse-xml'
import { together } from './together.ts'

/** As of JSON. */
const DEEPEST = 32
const MOST_NODES = 20_000

/**
 * `<!DOCTYPE` and its like, wherever they stand: a parser is not asked. Comments and CDATA sections are no
 * declarations.
 */
const DECLARATION = /<!(?!--|\[CDATA\[)/
/** The parser reads text, whatever the head of the document says of its bytes. */
const OTHER_ENCODING = /^\s*<\?xml\s[^>]*?encoding\s*=\s*["'](?!utf-?8["']|us-ascii["'])/i

type Read = { readonly value: unknown } | { readonly broken: string }

/**
 * The parts of the root element, by their names: text, or where a part has parts or attributes of its own an object with
 * them, attributes as `@name`, its text as `text`. A name that occurs more than once has a list.
 */
export async function readXml(text: string): Promise<Read> {
  if (DECLARATION.test(text)) return { broken: 'the body declares a document type or an entity' }
  if (OTHER_ENCODING.test(text)) return { broken: 'the body says that it is not UTF-8' }
  // Built into a file of its own, which only those load who get XML.
  const { parseXml, XmlError } = await import('@rgrove/parse-xml')
  try {
    const { root } = parseXml(text)
    return root === null ? { broken: 'the body is not XML' } : { value: new Reader().valueOf(root, 1) }
  } catch (error) {
    if (error instanceof XmlError)
      return { broken: `the body is not XML at line ${error.line}, column ${error.column}` }
    return { broken: error instanceof TooMuch ? error.message : 'the body is nested too deeply' }
  }
}

type Pair = readonly [name: string, value: unknown]

class TooMuch extends Error {}

class Reader {
  #nodes = 0

  valueOf(element: XmlElement, depth: number): unknown {
    this.#nodes += element.children.length + Object.keys(element.attributes).length
    if (this.#nodes > MOST_NODES) throw new TooMuch('the body has too many members')
    if (depth > DEEPEST) throw new TooMuch('the body is nested too deeply')
    const attributes = Object.entries(element.attributes).map(([name, value]): Pair => [`@${name}`, value])
    const parts = element.children.filter(isElement).map((child): Pair => [child.name, this.valueOf(child, depth + 1)])
    const text = textOf(element)
    if (attributes.length + parts.length === 0) return text
    return together([...attributes, ...parts, ...(text === '' ? [] : [['text', text] as const])])
  }
}

const isElement = (node: XmlNode): node is XmlElement => node.type === 'element'

/** Its own, not that of its parts, without the white space that indents them. */
function textOf({ children }: XmlElement): string {
  const texts = children.filter(({ type }) => type === 'text' || type === 'cdata')
  return texts
    .map((node) => ('text' in node ? node.text : ''))
    .join('')
    .trim()
}
