/** The links of an answer: what else can be asked of a webhook. */
import { isObject } from '../../lib/guards.ts'

export interface WebhookLink {
  /** Path from the root, with its query: older servers print whole addresses, with a host that may be another than yours. */
  readonly path: string
  /** `urn.msys.webhooks.validate`. */
  readonly rel: string
  readonly methods: readonly string[]
}

export function webhookLinks(links: unknown): readonly WebhookLink[] {
  const wires = Array.isArray(links) ? links.filter(isObject) : []
  return wires.map(({ href, rel, method }) => ({
    path: pathOf(String(href)),
    rel: String(rel),
    methods: Array.isArray(method) ? method.map(String) : [],
  }))
}

const pathOf = (href: string): string => {
  if (!URL.canParse(href)) return href
  const { pathname, search } = new URL(href)
  return `${pathname}${search}`
}
