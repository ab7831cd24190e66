/** Markup as tagged templates: the only way from data to a page. Whoever renders it escapes every value. */
import { html as bound } from 'htm/preact'
import type { VNode } from 'preact'

export type Markup = VNode | readonly Markup[] | string | number | null | false | undefined

export const html: (strings: TemplateStringsArray, ...values: unknown[]) => Markup = bound
