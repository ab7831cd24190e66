/** Small charts as SVG: geometry in attributes, no style, the numbers in words beside it. */
import { number } from './format.ts'
import { html, type Markup } from './html.ts'

const [WIDTH, HEIGHT] = [120, 24]

/** Bars, oldest first; the label is what a reader without eyes is told. */
export function spark(values: readonly number[], label: string): Markup {
  const most = Math.max(1, ...values)
  const step = WIDTH / Math.max(1, values.length)
  const bar = (value: number, i: number) => {
    if (value === 0) return null
    const height = Math.max(1.5, (value / most) * HEIGHT)
    return html`<rect x=${(i * step).toFixed(2)} y=${(HEIGHT - height).toFixed(2)} width=${Math.max(0.6, step - 0.5).toFixed(2)} height=${height.toFixed(2)} />`
  }
  return html`<svg class="spark" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} width=${WIDTH} height=${HEIGHT} role="img" aria-label=${label} preserveAspectRatio="none">
    <path d=${`M0 ${HEIGHT - 0.25}H${WIDTH}`} class="axis" />${values.map(bar)}
  </svg>`
}

export interface Series {
  readonly name: string
  readonly values: readonly number[]
}

const [WIDE, TALL, LEFT, BELOW, TOP] = [960, 180, 44, 18, 8]

/** Stacked bars over time, with its numbers in a table behind it. */
export function bars(
  title: string,
  steps: readonly string[],
  series: readonly Series[],
  written: (iso: string) => Markup,
): Markup {
  const sums = steps.map((_, i) => series.reduce((sum, { values }) => sum + (values[i] ?? 0), 0))
  const most = Math.max(1, ...sums)
  const width = (WIDE - LEFT) / Math.max(1, steps.length)
  const total = sums.reduce((sum, one) => sum + one, 0)
  const rects = steps.map((step, i) => {
    let below = 0
    return series.map(({ name, values }, s) => {
      const value = values[i] ?? 0
      if (value === 0) return null
      const height = (value / most) * (TALL - BELOW - TOP)
      below += height
      return html`<rect class=${`series-${s % 6}`} x=${(LEFT + i * width).toFixed(1)} y=${(TALL - BELOW - below).toFixed(1)} width=${Math.max(1, width - 1).toFixed(1)} height=${height.toFixed(1)}><title>${`${name}: ${value}, ${step}`}</title></rect>`
    })
  })
  return html`<figure class="chart">
    <figcaption>${title}: ${number(total)} in all, at most ${number(most === 1 && total === 0 ? 0 : most)} in one step</figcaption>
    <svg viewBox=${`0 0 ${WIDE} ${TALL}`} role="img" aria-label=${`${title}, a table follows`}>
      <path class="axis" d=${`M${LEFT} 4V${TALL - BELOW}H${WIDE}M${LEFT - 4} 8H${LEFT}`} />
      <text x=${LEFT - 8} y="12" text-anchor="end">${number(most)}</text>
      <text x=${LEFT - 8} y=${TALL - BELOW} text-anchor="end">0</text>
      ${rects}
    </svg>
    <ul class="legend">${series.map(({ name }, s) => html`<li><svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true"><rect class=${`series-${s % 6}`} width="10" height="10" /></svg> ${name}</li>`)}</ul>
    <details><summary>The numbers</summary>
      <table><caption class="hidden">${title}</caption>
        <thead><tr><th scope="col">from</th>${series.map(({ name }) => html`<th scope="col" class="many">${name}</th>`)}</tr></thead>
        <tbody>${steps.map((step, i) => ((sums[i] ?? 0) === 0 ? null : html`<tr><th scope="row">${written(step)}</th>${series.map(({ values }) => html`<td class="many">${values[i] ?? 0}</td>`)}</tr>`))}</tbody>
      </table>
    </details>
  </figure>`
}
