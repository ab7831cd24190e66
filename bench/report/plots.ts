/** The curves of a run as SVG. */
import { LineChart, ScatterChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import type { Measure, RunResult } from '../harness/results.ts'
import { spreadOf } from '../harness/stats.ts'

use([LineChart, ScatterChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer])

const COLOURS = ['#b3541e', '#1e6fb3', '#4a7a2c', '#7a2c6d']

/** By file name; the lines go through the medians, the dots are the rounds. */
export function plotsOf(run: RunResult): Map<string, string> {
  const points = run.scenarios.flatMap(({ measures }) => measures).filter(({ at }) => at !== undefined)
  const curves = [...new Set(points.map(({ measure }) => measure))]
  return new Map(
    curves.map((curve) => [
      `${curve.replaceAll(' ', '-')}.svg`,
      plot(points.filter(({ measure }) => measure === curve)),
    ]),
  )
}

function plot(points: readonly Measure[]): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 720, height: 380 })
  const [measure = '', axis = ''] = (points[0]?.measure ?? '').split(' over ')
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: `${measure}, ${points[0]?.unit}`, left: 8, top: 4, textStyle: { fontSize: 14 } },
    legend: { bottom: 6, itemGap: 40 },
    grid: { left: 70, right: 24, top: 48, bottom: 84 },
    // The points are chosen so that each is about twice, or ten times, the one before.
    xAxis: { type: 'category', name: axis, nameLocation: 'middle', nameGap: 26, data: placesOf(points) },
    yAxis: { type: 'value', min: 0 },
    series: [...new Set(points.map(({ subject }) => subject))].flatMap((subject, i) =>
      seriesOf(
        subject,
        points.filter((one) => one.subject === subject),
        COLOURS[i % COLOURS.length] ?? '',
      ),
    ),
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  const title = `${measure} over ${axis}, ${points[0]?.unit}`
  return `${still(svg).replace('>', `><title>${title}</title>`)}\n`
}

/** Without what answers to a mouse, whose names count on from plot to plot: the same figures make the same file. */
function still(svg: string): string {
  return svg
    .replaceAll(/ class="zr\d+-cls-\d+"/g, '')
    .replace(/<style[\s\S]*<\/style>\s*/, '')
    .replaceAll(/zr\d+-/g, '')
}

function placesOf(points: readonly Measure[]): string[] {
  const places = new Set(points.map(({ at = 0 }) => at))
  return [...places].sort((a, b) => a - b).map(String)
}

function seriesOf(name: string, points: readonly Measure[], color: string): object[] {
  const medians = points.map(({ at, rounds }) => [String(at), spreadOf(rounds).median])
  const dots = points.flatMap(({ at, rounds }) => rounds.map((value) => [String(at), value]))
  return [
    { type: 'line', name, data: medians, color, symbol: 'none' },
    { type: 'scatter', name, data: dots, color, symbolSize: 6 },
  ]
}
