/** The views. */
import type { Plan, Progress, Shown, ViewRequest, Views } from '../types.ts'

export async function show({ query }: ViewRequest): Promise<Shown> {
  return plain(query.get('view') ?? 'now', {}, 404)
}

export const confirm = (_: ViewRequest, plan: Plan): Shown => plain('confirm', plan)
export const run = (_: ViewRequest, progress: Progress): Shown => plain('run', progress)
export const assets: Views['assets'] = new Map()

function plain(view: string, data: unknown, status: Shown['status'] = 200): Shown {
  return { status, view, title: view, frame: {}, data, next: null, partial: null, page: () => '' } as Shown
}
